#include "net/loop.h"

#include <sys/eventfd.h>
#include <time.h>

#include <cstdlib>
#include <new>

#include "base/memory.h"

namespace bext::net {

thread_local Loop* Loop::current_ = nullptr;

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), wakeup_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!epoll_ || !wakeup_) std::abort();  // a thread without its loop cannot report anything
    current_ = this;
    update_time();
    struct epoll_event event {};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = this;  // marks the wake-up descriptor
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event);
}

void Loop::update_time() {
    struct timespec mono, wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    now_ = static_cast<std::uint64_t>(mono.tv_sec) * 1000 + static_cast<std::uint64_t>(mono.tv_nsec) / 1000000;
    unix_ms_ = wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
}

void Loop::add(Watch& watch, int fd, std::uint32_t events) {
    struct epoll_event event {};
    event.events = events;
    event.data.ptr = &watch;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Loop::change(Watch& watch, int fd, std::uint32_t events) {
    struct epoll_event event {};
    event.events = events;
    event.data.ptr = &watch;
    epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::forget(int fd) { epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

void Loop::set_first(int fd, std::function<void()> work) {
    first_fd_ = fd;
    first_ = std::move(work);
    if (fd < 0) return;
    struct epoll_event event {};
    event.events = EPOLLIN;
    event.data.ptr = &first_fd_;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Loop::post(std::function<void()> work) {
    {
        std::lock_guard lock(mutex_);
        posted_.push_back(std::move(work));
    }
    std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(wakeup_.get(), &one, sizeof one);
}

void Loop::run() {
    while (!stopped_) turn(true);
    run_deferred();
}

void Loop::turn(bool may_wait) {
    int count = wait(may_wait);
    doing(Doing::kTimer);
    guarded([this] { turns_.fire(); });
    if (count > 0) run_batch(count);
    doing(Doing::kTimer);
    guarded([this] { timers_.expire(now_); });
    run_deferred();
    if (memory::is_short()) memory::fill_reserve();
}

/// What has no memory left ends there; the loop goes on with the rest.
template <class Work>
void Loop::guarded(Work work) {
    try {
        work();
    } catch (const std::bad_alloc&) {
        if (shortage_) shortage_();
    }
}

void Loop::make_room() {
    constexpr std::size_t kSpare = 64;
    auto extend = [](auto& list) {
        if (list.capacity() - list.size() < kSpare) list.reserve(list.capacity() * 2 + kSpare);
    };
    extend(retired_);
    extend(deferred_);
    timers_.make_room(kSpare);
}

/// The number of events.
int Loop::wait(bool may_wait) {
    bool at_once = !may_wait || !deferred_.empty() || !turns_.empty();
    int timeout = at_once ? 0 : timers_.wait(now_);
    if (pulse_) pulse_->rest();
    int count = epoll_wait(epoll_.get(), events_, 512, timeout);
    update_time();
    if (pulse_) pulse_->turn(now_);
    ++batch_;
    return count;
}

void Loop::run_batch(int count) {
    bool woken = false;
    doing(Doing::kChanges);
    if (first_fd_ >= 0)
        for (int i = 0; i < count; ++i)
            if (events_[i].data.ptr == &first_fd_) guarded(std::ref(first_));
    doing(Doing::kEvent);
    for (int i = 0; i < count; ++i) {
        void* target = events_[i].data.ptr;
        if (target == &first_fd_) continue;
        if (target == this)
            woken = true;
        else
            guarded([&] { static_cast<Watch*>(target)->ready(events_[i].events); });
    }
    if (woken) run_posted();
}

void Loop::run_posted() {
    doing(Doing::kPosted);
    std::uint64_t value;
    [[maybe_unused]] auto n = ::read(wakeup_.get(), &value, sizeof value);
    std::vector<std::function<void()>> work;
    {
        std::lock_guard lock(mutex_);
        work.swap(posted_);
    }
    for (auto& call : work) guarded(std::ref(call));
}

void Loop::run_deferred() {
    while (!deferred_.empty()) {
        std::vector<std::function<void()>> work;
        work.swap(deferred_);
        for (auto& call : work) guarded(std::ref(call));
    }
    while (!retired_.empty()) {
        auto last = retired_.back();
        retired_.pop_back();
        last.free(last.object);
    }
}

}  // namespace bext::net
