// LoopThread: one event-loop thread of a worker and what the control thread has it do.
#pragma once

#include <sys/eventfd.h>

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/thread.h"
#include "net/timer.h"
#include "worker/heir.h"
#include "worker/listener.h"

namespace bext::worker {

/// Counts the threads that have done something, and wakes the control thread when all have.
class Latch {
public:
    /// `wake`: an eventfd.
    Latch(std::size_t count, int wake) : left_(count), wake_(wake) {}
    void done() {
        if (left_.fetch_sub(1) == 1) eventfd_write(wake_, 1);
    }
    bool open() const { return left_.load() == 0; }

private:
    std::atomic<std::size_t> left_;
    int wake_;
};

/// What one thread is to listen on.
struct Share {
    std::shared_ptr<const Fd> socket;
    net::Address address;
};

/// A configuration as a thread takes it up.
struct Settings {
    std::shared_ptr<const http::Site> site;
    std::uint64_t connection_limit = 0;
    bool multi_accept = false;
};

/// What keeps a generation of the configuration alive.
struct Holders {
    std::uint64_t idle = 0, requests = 0;
};

class LoopThread {
public:
    /// Starts the thread; it calls `ended` last.
    explicit LoopThread(std::function<void()> ended);
    void join() { thread_.join(); }

    /// Runs `work` on the thread, unless that has ended; the rest of this class is for that.
    void post(std::function<void()> work) {
        std::lock_guard lock(mutex_);
        if (context_) context_->loop.post(std::move(work));
    }

    /// From now on requests see the Site of `settings`.
    void adopt(const Settings& settings, const std::vector<Share>& shares);
    /// Takes over a connection of another process; one that no listen of the Site is for is closed.
    void take(Fd fd, const http::PassedConnection& passed);
    /// No new connections; the loop stops when the last one has ended. Idle ones go to the heir, if there is one.
    void drain(std::shared_ptr<Heir> heir);
    /// Ends what is left.
    void expire();
    /// Adds what this thread's connections hold.
    void count(std::map<std::uint64_t, Holders>& generations);

private:
    /// Work for some time later on the thread, unless that has ended by then.
    struct Later : net::Timer {
        Later(LoopThread& thread, std::function<void()> what);
        LoopThread& owner;
        std::function<void()> work;
    };

    void after(std::uint64_t ms, std::function<void()> work);
    void expire_old_later(std::uint32_t ms, std::uint64_t generation);
    void expire_before(std::uint64_t generation);
    void pass_later();
    void last_call_later();

    std::mutex mutex_;
    http::Thread* context_ = nullptr;  // null once the thread has ended
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::list<Later> later_;
    std::thread thread_;
};

}  // namespace bext::worker
