// Task<T>: a lazily started coroutine. A finished or suspended task hands the next coroutine to the pump instead of
// resuming it itself, so the stack stays flat however deep the tasks nest (docs/adr/0002-event-loop.md).
#pragma once

#include <coroutine>
#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "base/arena.h"

namespace bext {

namespace pump {
inline thread_local std::coroutine_handle<> next;

/// Runs `handle`, and whatever it hands on, until everything waits. Every resumption starts here.
inline void run(std::coroutine_handle<> handle) {
    auto outer = std::exchange(next, {});
    while (handle) {
        handle.resume();
        handle = std::exchange(next, {});
    }
    next = outer;
}
}  // namespace pump

template <class T>
class Task;

namespace detail {
struct TaskPromise {
    std::coroutine_handle<> continuation;

    struct Final {
        bool await_ready() const noexcept { return false; }
        template <class Promise>
        void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            pump::next = self.promise().continuation;
        }
        void await_resume() const noexcept {}
    };

    std::suspend_always initial_suspend() const noexcept { return {}; }
    Final final_suspend() const noexcept { return {}; }
    /// Nothing but a lack of memory is thrown; who awaits the task gets it thrown in turn.
    void unhandled_exception() noexcept { failed = true; }
    bool failed = false;

    static void* operator new(std::size_t size) { return pool_allocate(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { pool_release(frame, size); }
};

template <class T>
struct ValuePromise : TaskPromise {
    std::optional<T> value;
    Task<T> get_return_object();
    template <class U>
    void return_value(U&& v) {
        value.emplace(std::forward<U>(v));
    }
};

template <>
struct ValuePromise<void> : TaskPromise {
    Task<void> get_return_object();
    void return_void() const noexcept {}
};
}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
public:
    using promise_type = detail::ValuePromise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    Task() = default;
    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, {});
        }
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller) const noexcept {
        handle_.promise().continuation = caller;
        pump::next = handle_;
    }
    T await_resume() const {
        if (handle_.promise().failed) throw std::bad_alloc();
        if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().value);
    }

    explicit operator bool() const { return static_cast<bool>(handle_); }
    bool done() const { return handle_ && handle_.done(); }

    /// Starts a task nobody awaits; the owner keeps it until done().
    void start() { pump::run(handle_); }

private:
    Handle handle_;
};

namespace detail {
template <class T>
Task<T> ValuePromise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<ValuePromise<T>>::from_promise(*this));
}
inline Task<void> ValuePromise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<ValuePromise<void>>::from_promise(*this));
}

/// A coroutine that owns itself and disappears when it ends.
struct Detached {
    struct promise_type {
        Detached get_return_object() const noexcept { return {}; }
        std::suspend_never initial_suspend() const noexcept { return {}; }
        std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
        /// What belongs to a task that nobody waits for was told by itself.
        void unhandled_exception() const noexcept {}
        static void* operator new(std::size_t size) { return pool_allocate(size); }
        static void operator delete(void* frame, std::size_t size) noexcept { pool_release(frame, size); }
    };
};
inline Detached own(Task<void> task) { co_await task; }
}  // namespace detail

/// Runs a task that nobody waits for; its frame is freed when it ends. Without memory it throws, before anything has run.
inline void spawn(Task<void> task) {
    auto outer = std::exchange(pump::next, {});
    try {
        detail::own(std::move(task));
    } catch (...) {
        pump::next = outer;
        throw;
    }
    auto first = std::exchange(pump::next, {});
    pump::run(first);
    pump::next = outer;
}

}  // namespace bext
