// List: a growing array of trivially copyable items in an Arena.
#pragma once

#include <cstring>
#include <span>
#include <type_traits>

#include "base/arena.h"

namespace bext {

template <class T>
class List {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    explicit List(Arena& arena) : arena_(&arena) {}

    T& push(const T& item) {
        if (size_ == capacity_) grow();
        return items_[size_++] = item;
    }
    T* begin() { return items_; }
    T* end() { return items_ + size_; }
    const T* begin() const { return items_; }
    const T* end() const { return items_ + size_; }
    T& operator[](std::size_t i) { return items_[i]; }
    const T& operator[](std::size_t i) const { return items_[i]; }
    T& back() { return items_[size_ - 1]; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    void clear() { size_ = 0; }
    /// Also forgets the memory: before the arena is cleared.
    void reset() { items_ = nullptr, size_ = capacity_ = 0; }
    std::span<T> span() { return {items_, size_}; }
    std::span<const T> span() const { return {items_, size_}; }

    template <class Predicate>
    void remove_if(Predicate gone) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < size_; ++i)
            if (!gone(items_[i])) items_[kept++] = items_[i];
        size_ = static_cast<std::uint32_t>(kept);
    }

private:
    void grow() {
        std::uint32_t capacity = capacity_ ? capacity_ * 2 : 8;
        auto* items = static_cast<T*>(arena_->allocate(capacity * sizeof(T), alignof(T)));
        if (size_) std::memcpy(static_cast<void*>(items), items_, size_ * sizeof(T));
        items_ = items;
        capacity_ = capacity;
    }

    Arena* arena_;
    T* items_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
};

}  // namespace bext
