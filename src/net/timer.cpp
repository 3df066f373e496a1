#include "net/timer.h"

#include "net/loop.h"

namespace bext::net {

namespace {
constexpr std::uint32_t kAbsent = UINT32_MAX;
}

Timer::~Timer() {
    if (index_ != kAbsent) Loop::current().timers().remove(*this);
}

void Timer::arm(std::uint64_t milliseconds) {
    auto& loop = Loop::current();
    loop.timers().arm(*this, loop.now() + (milliseconds ? milliseconds : 1));
}

void TimerQueue::arm(Timer& timer, std::uint64_t deadline) {
    timer.deadline_ = deadline;
    if (timer.index_ == kAbsent) {
        timer.key_ = deadline;
        heap_.push_back(&timer);
        timer.index_ = static_cast<std::uint32_t>(heap_.size() - 1);
        sift_up(timer.index_);
    } else if (deadline < timer.key_) {
        timer.key_ = deadline;
        sift_up(timer.index_);
    }
}

void TimerQueue::remove(Timer& timer) {
    auto index = timer.index_;
    timer.index_ = kAbsent;
    timer.deadline_ = 0;
    Timer* last = heap_.back();
    heap_.pop_back();
    if (last == &timer) return;
    place(index, last);
    sift_up(index);
    sift_down(last->index_);
}

void TimerQueue::expire(std::uint64_t now) {
    while (!heap_.empty() && heap_[0]->key_ <= now) {
        Timer* top = heap_[0];
        if (top->deadline_ > now) {  // re-armed meanwhile
            top->key_ = top->deadline_;
            sift_down(0);
            continue;
        }
        bool due = top->deadline_ != 0;
        remove(*top);
        if (due) top->fire_(*top);
    }
}

int TimerQueue::wait(std::uint64_t now) {
    while (!heap_.empty() && heap_[0]->deadline_ == 0) remove(*heap_[0]);
    if (heap_.empty()) return -1;
    auto key = heap_[0]->key_;
    return key <= now ? 0 : static_cast<int>(key - now > 3600000 ? 3600000 : key - now);
}

void TimerQueue::sift_up(std::uint32_t index) {
    Timer* timer = heap_[index];
    while (index > 0) {
        auto parent = (index - 1) / 4;
        if (heap_[parent]->key_ <= timer->key_) break;
        place(index, heap_[parent]);
        index = parent;
    }
    place(index, timer);
}

void TimerQueue::sift_down(std::uint32_t index) {
    Timer* timer = heap_[index];
    auto size = static_cast<std::uint32_t>(heap_.size());
    for (;;) {
        auto best = size;
        for (auto child = index * 4 + 1; child <= index * 4 + 4 && child < size; ++child)
            if (best == size || heap_[child]->key_ < heap_[best]->key_) best = child;
        if (best == size || heap_[best]->key_ >= timer->key_) break;
        place(index, heap_[best]);
        index = best;
    }
    place(index, timer);
}

}  // namespace bext::net
