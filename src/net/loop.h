// Loop: one thread's event loop over epoll: descriptors, timers, deferred and posted work. Each worker thread owns one
// and shares nothing with the others (docs/adr/0002-event-loop.md).
#pragma once

#include <sys/epoll.h>

#include <coroutine>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "base/fd.h"
#include "base/pulse.h"
#include "base/task.h"
#include "net/timer.h"
#include "net/turn.h"

namespace bext::net {

/// Something with a descriptor in the loop. It must outlive the batch of events in which it is forgotten: see Loop::later.
class Watch {
public:
    virtual void ready(std::uint32_t events) = 0;

protected:
    ~Watch() = default;
};

class Loop {
public:
    Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// The loop of this thread; set while a Loop exists.
    static Loop& current() { return *current_; }
    static bool exists() { return current_ != nullptr; }
    ~Loop() { current_ = nullptr; }

    void run();
    /// One turn: the events that are there, what is due, what was deferred. `wait`: for the first of them.
    void turn(bool wait);
    void stop() { stopped_ = true; }
    /// Sees to it that a connection's timers and its end need no memory. Throws when there is none.
    void make_room();
    /// Told of what failed for want of memory; where it happened, nobody was there to tell.
    void on_shortage(std::function<void()> told) { shortage_ = std::move(told); }
    /// Where this loop shows that it goes on.
    void show_in(Pulse& pulse) { pulse_ = &pulse; }
    /// What runs now, for that.
    void doing(Doing what) {
        if (pulse_) pulse_->doing(what);
    }

    /// Milliseconds of the monotonic clock, read once per batch of events.
    std::uint64_t now() const { return now_; }
    /// Wall clock of the same instant.
    std::int64_t unix_seconds() const { return unix_ms_ / 1000; }
    std::int64_t unix_milliseconds() const { return unix_ms_; }
    /// Number of batches so far: two events in one batch see the same value.
    std::uint64_t batch() const { return batch_; }
    void update_time();

    void add(Watch& watch, int fd, std::uint32_t events);
    void change(Watch& watch, int fd, std::uint32_t events);
    void forget(int fd);

    TimerQueue& timers() { return timers_; }
    TurnList& turns() { return turns_; }

    /// Runs `work` after the current batch of events.
    void later(std::function<void()> work) { deferred_.push_back(std::move(work)); }
    /// Frees `object` after the current batch, when no event can name it any more.
    template <class T>
    void retire(T* object) {
        retired_.push_back({[](void* p) { delete static_cast<T*>(p); }, object});
    }
    /// Thread-safe: runs `work` on this loop's thread.
    void post(std::function<void()> work);

    /// Called first in every batch in which its descriptor is ready (the file cache's change notices).
    void set_first(int fd, std::function<void()> work);

private:
    template <class Work>
    void guarded(Work work);
    void run_batch(int count);
    void run_posted();
    int wait(bool may_wait);
    void run_deferred();

    static thread_local Loop* current_;

    Pulse* pulse_ = nullptr;
    std::function<void()> shortage_;

    Fd epoll_;
    Fd wakeup_;
    int first_fd_ = -1;
    std::function<void()> first_;
    TimerQueue timers_;
    TurnList turns_;
    std::uint64_t now_ = 0;
    std::int64_t unix_ms_ = 0;
    std::uint64_t batch_ = 0;
    bool stopped_ = false;
    struct Retired {
        void (*free)(void*);
        void* object;
    };
    std::vector<Retired> retired_;
    std::vector<std::function<void()>> deferred_;
    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;
    struct epoll_event events_[512];
};

/// `co_await Sleep(ms)`: waits on this thread's loop.
class Sleep {
public:
    explicit Sleep(std::uint64_t milliseconds) : milliseconds_(milliseconds) {}
    bool await_ready() const { return milliseconds_ == 0; }
    void await_suspend(std::coroutine_handle<> caller) {
        caller_ = caller;
        node_.self = this;
        node_.arm(milliseconds_);
    }
    void await_resume() const {}
    /// Ends the sleep now.
    void wake() {
        if (!node_.armed()) return;
        node_.disarm();
        pump::run(caller_);
    }

private:
    struct Node : Timer {
        Node() : Timer([](Timer& t) { pump::run(static_cast<Node&>(t).self->caller_); }) {}
        Sleep* self = nullptr;
    };
    std::uint64_t milliseconds_;
    std::coroutine_handle<> caller_;
    Node node_;
};

}  // namespace bext::net
