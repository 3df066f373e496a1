#include "base/memory.h"

#include <array>
#include <cstdlib>
#include <new>

namespace bext::memory {
namespace {

constexpr std::size_t kSmall = 1024;
constexpr std::size_t kChunk = 16 * 1024;

struct Reserve {
    std::array<void*, 8> chunks{};
    ~Reserve() {
        for (auto* chunk : chunks) std::free(chunk);
    }
    /// Gives one chunk back to malloc(). False: there is none.
    bool draw() {
        for (auto*& chunk : chunks) {
            if (!chunk) continue;
            std::free(chunk);
            chunk = nullptr;
            return true;
        }
        return false;
    }
};

thread_local Reserve reserve;
thread_local bool drawn = false;

}  // namespace

void* allocate(std::size_t size) {
    for (;;) {
        if (void* p = std::malloc(size ? size : 1)) return p;
        if (size > kSmall || !reserve.draw()) throw std::bad_alloc();
        drawn = true;
    }
}

void fill_reserve() {
    for (auto*& chunk : reserve.chunks)
        if (!chunk && !(chunk = std::malloc(kChunk))) return;
    drawn = false;
}

bool is_short() { return drawn; }

}  // namespace bext::memory

#if defined(__has_feature)  // clang
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

// A sanitizer has its own, and wants to see every lifetime.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(std::size_t size) { return bext::memory::allocate(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif
