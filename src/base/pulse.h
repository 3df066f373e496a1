// Pulse: what a thread does just now, in the page of figures, for whoever looks whether it still does anything: the
// supervisor replaces a worker one of whose threads does not come back to its loop.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace bext {

enum class Doing : std::uint8_t { kNothing, kEvent, kAccepting, kTimer, kPosted, kChanges };

/// 144 bytes of memory that several processes map; one thread writes.
class Pulse {
public:
    /// The calling thread has it from now on.
    void begin();

    /// The loop has something to do since then (ms of the monotonic clock); rest(): it waits again.
    void turn(std::uint64_t now_ms) { since_.store(now_ms ? now_ms : 1, std::memory_order_relaxed); }
    void rest() { since_.store(0, std::memory_order_relaxed); }
    void doing(Doing what) { doing_ = what; }
    /// A request has begun.
    void request(std::string_view host, std::string_view uri);

    /// Since when the thread has been on one turn of its loop; 0: it waits.
    std::uint64_t turning_since() const { return since_.load(std::memory_order_relaxed); }
    pid_t thread() const { return tid_; }
    /// Where it is, in words.
    std::string text() const;

    /// That of this thread; null when it has none.
    static Pulse*& current();

private:
    friend class Blocking;
    void call(const char* name, std::string_view subject);

    std::atomic<std::uint64_t> since_;
    pid_t tid_;
    Doing doing_;
    char call_[60];     // "open() \"/path", while that runs; else ""
    char request_[68];
};
static_assert(sizeof(Pulse) == 144);

/// Marks a system call that may take long: a disk can be stuck.
class Blocking {
public:
    Blocking(const char* call, std::string_view subject) : pulse_(Pulse::current()) {
        if (pulse_) pulse_->call(call, subject);
    }
    Blocking(const Blocking&) = delete;
    ~Blocking() {
        if (pulse_) pulse_->call_[0] = '\0';
    }

private:
    Pulse* pulse_;
};

}  // namespace bext
