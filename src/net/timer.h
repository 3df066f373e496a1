// Timer: a deadline on the loop of its thread. Re-arming to a later time costs one store: the heap is corrected only
// when the old deadline comes up, so that per-request timeouts are free.
#pragma once

#include <cstdint>
#include <vector>

namespace bext::net {

class Timer {
public:
    using Callback = void (*)(Timer&);

    explicit Timer(Callback fire) : fire_(fire) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer();

    /// Fires once, `milliseconds` from the loop's current time; replaces an earlier deadline.
    void arm(std::uint64_t milliseconds);
    void disarm() { deadline_ = 0; }
    bool armed() const { return deadline_ != 0; }

private:
    friend class TimerQueue;
    Callback fire_;
    std::uint64_t deadline_ = 0;  // ms of the loop's clock, 0 = idle
    std::uint64_t key_ = 0;       // its place in the heap, never later than deadline_
    std::uint32_t index_ = UINT32_MAX;
};

class TimerQueue {
public:
    void arm(Timer& timer, std::uint64_t deadline);
    void remove(Timer& timer);
    /// Fires everything due at `now`.
    void expire(std::uint64_t now);
    /// Milliseconds from `now` to the next deadline, -1 when there is none.
    int wait(std::uint64_t now);
    /// Sees to it that `more` timers can be armed without memory.
    void make_room(std::size_t more) {
        if (heap_.capacity() - heap_.size() < more) heap_.reserve(heap_.capacity() * 2 + more);
    }

private:
    void sift_up(std::uint32_t index);
    void sift_down(std::uint32_t index);
    void place(std::uint32_t index, Timer* timer) {
        heap_[index] = timer;
        timer->index_ = index;
    }
    std::vector<Timer*> heap_;
};

}  // namespace bext::net
