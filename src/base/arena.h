// Arena: memory of one request or connection, given back all at once. Blocks come from a per-thread cache, so that a
// request costs no malloc; objects with destructors are destroyed in reverse order when the arena is cleared.
#pragma once

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace bext {

class Arena {
public:
    static constexpr std::size_t kBlock = 4096;

    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena() { clear(); }

    void* allocate(std::size_t size, std::size_t align = alignof(std::max_align_t)) {
        auto at = (reinterpret_cast<std::uintptr_t>(free_) + align - 1) & ~(align - 1);
        if (at + size > reinterpret_cast<std::uintptr_t>(end_)) return grow(size, align);
        free_ = reinterpret_cast<char*>(at + size);
        return reinterpret_cast<void*>(at);
    }

    char* bytes(std::size_t size) { return static_cast<char*>(allocate(size, 1)); }

    template <class T, class... Args>
    T* make(Args&&... args) {
        auto* object = new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
        if constexpr (!std::is_trivially_destructible_v<T>)
            on_clear([](void* p) { static_cast<T*>(p)->~T(); }, object);
        return object;
    }

    std::string_view copy(std::string_view text) {
        if (text.empty()) return {"", 0};
        char* p = bytes(text.size());
        std::memcpy(p, text.data(), text.size());
        return {p, text.size()};
    }

    std::string_view cat(std::initializer_list<std::string_view> pieces);

    /// Calls `cleanup(object)` when the arena is cleared.
    void on_clear(void (*cleanup)(void*), void* object);

    /// Destroys the objects and gives every block back.
    void clear();

private:
    struct Block {
        Block* next;
        std::size_t size;
    };
    struct Cleanup {
        Cleanup* next;
        void (*call)(void*);
        void* object;
    };
    void* grow(std::size_t size, std::size_t align);

    char* free_ = nullptr;
    char* end_ = nullptr;
    Block* blocks_ = nullptr;
    Cleanup* cleanups_ = nullptr;
};

/// Raw memory from the per-thread cache of size classes up to 4 KiB; larger sizes go to malloc.
void* pool_allocate(std::size_t size);
void pool_release(void* memory, std::size_t size) noexcept;

}  // namespace bext
