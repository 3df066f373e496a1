#include "base/arena.h"

#include <array>
#include <cstdlib>

#include "base/memory.h"

namespace bext {
namespace {

#if defined(__has_feature)  // clang
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kCached = false;  // let the sanitizer see every lifetime
#else
constexpr bool kCached = true;
#endif

constexpr std::size_t kStep = 64;
constexpr std::size_t kLargest = 4096;
constexpr unsigned kKeep = 256;  // blocks kept per class and thread

struct Free {
    Free* next;
};

struct Cache {
    struct Class {
        Free* head = nullptr;
        unsigned count = 0;
    };
    std::array<Class, kLargest / kStep + 1> classes{};
    ~Cache() {
        for (auto& c : classes)
            while (c.head) std::free(std::exchange(c.head, c.head->next));
    }
};

thread_local Cache cache;

}  // namespace

void* pool_allocate(std::size_t size) {
    if (!kCached || size > kLargest) return memory::allocate(size);
    std::size_t index = (size + kStep - 1) / kStep;
    auto& c = cache.classes[index];
    if (c.head) {
        --c.count;
        return std::exchange(c.head, c.head->next);
    }
    return memory::allocate(index * kStep);
}

void pool_release(void* memory, std::size_t size) noexcept {
    if (!kCached || size > kLargest) return std::free(memory);
    auto& c = cache.classes[(size + kStep - 1) / kStep];
    if (c.count >= kKeep) return std::free(memory);
    c.head = new (memory) Free{c.head};
    ++c.count;
}

void* Arena::grow(std::size_t size, std::size_t align) {
    std::size_t want = size + align + sizeof(Block);
    if (want < kBlock) want = kBlock;
    auto* block = new (pool_allocate(want)) Block{blocks_, want};
    blocks_ = block;
    char* start = reinterpret_cast<char*>(block + 1);
    auto at = (reinterpret_cast<std::uintptr_t>(start) + align - 1) & ~(align - 1);
    // A large piece has a block of its own; the rest of the current block stays in use.
    if (want == kBlock || !free_) {
        free_ = reinterpret_cast<char*>(at + size);
        end_ = reinterpret_cast<char*>(block) + want;
    }
    return reinterpret_cast<void*>(at);
}

std::string_view Arena::cat(std::initializer_list<std::string_view> pieces) {
    std::size_t size = 0;
    for (auto piece : pieces) size += piece.size();
    char* out = bytes(size ? size : 1);
    char* p = out;
    for (auto piece : pieces) {
        if (!piece.empty()) std::memcpy(p, piece.data(), piece.size());
        p += piece.size();
    }
    return {out, size};
}

void Arena::on_clear(void (*cleanup)(void*), void* object) {
    cleanups_ = new (allocate(sizeof(Cleanup), alignof(Cleanup))) Cleanup{cleanups_, cleanup, object};
}

void Arena::clear() {
    while (cleanups_) {
        auto* c = std::exchange(cleanups_, cleanups_->next);
        c->call(c->object);
    }
    while (blocks_) {
        auto* block = std::exchange(blocks_, blocks_->next);
        pool_release(block, block->size);
    }
    free_ = end_ = nullptr;
}

}  // namespace bext
