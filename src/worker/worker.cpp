#include "worker/worker.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <map>
#include <thread>

#include "handoff/bundle.h"
#include "loader/bundle_files.h"
#include "handoff/channel.h"
#include "worker/listener.h"

namespace bext::worker {
namespace {

using handoff::Channel;
using handoff::Kind;
using handoff::Message;
using handoff::Role;

/// What one thread is to listen on.
struct Share {
    std::shared_ptr<const Fd> socket;
    net::Address address;
};

/// Counts the threads that have done something; the control thread waits for all.
class Latch {
public:
    explicit Latch(std::size_t count) : left_(count) {}
    void done() {
        std::lock_guard lock(mutex_);
        if (--left_ == 0) all_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        all_.wait(lock, [&] { return left_ == 0; });
    }

private:
    std::mutex mutex_;
    std::condition_variable all_;
    std::size_t left_;
};

class LoopThread {
public:
    LoopThread() {
        Latch ready(1);
        thread_ = std::thread([this, &ready] {
            http::Thread context;
            context_ = &context;
            ready.done();
            context.loop.run();
            listeners_.clear();
        });
        ready.wait();
    }
    void join() { thread_.join(); }

    void post(std::function<void()> work) { context_->loop.post(std::move(work)); }

    /// On the thread: from now on requests see `site`.
    void adopt(const std::shared_ptr<const http::Site>& site, const std::vector<Share>& shares, std::uint64_t limit, bool multi) {
        if (context_->site) context_->site->release();
        context_->site = http::SiteUse::make(site);
        context_->connection_limit = limit;
        auto old = std::exchange(listeners_, {});
        for (auto& share : shares) listeners_.push_back(std::make_unique<Listener>(*context_, share.socket, share.address, multi));
        for (auto& listener : old) Listener::retire(std::move(listener));
    }
    /// On the thread: no new connections; the loop stops when the last one has ended.
    void drain() {
        context_->draining = true;
        for (auto& listener : std::exchange(listeners_, {})) Listener::retire(std::move(listener));
        while (auto* idle = context_->idle.first()) idle->close();
        context_->on_last_connection = [this] { context_->loop.stop(); };
        if (context_->connections == 0) context_->loop.stop();
    }

private:
    http::Thread* context_ = nullptr;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::thread thread_;
};

class Worker {
public:
    Worker(const loader::Source& source, Fd channel) : source_(source), channel_(std::move(channel)) {}

    int run() {
        while (!ended_) {
            int timeout = deadline_ms_ > 0 ? deadline_ms_ : -1;
            struct pollfd poll {channel_.fd(), POLLIN, 0};
            ::poll(&poll, 1, timeout);
            Message message;
            for (;;) {
                auto got = channel_.receive(message);
                if (got == Channel::Got::kNothing) break;
                if (got == Channel::Got::kClosed) return drain();
                if (message.kind == Kind::kTerminate) leave();
                if (message.kind == Kind::kQuit) return drain();
                take(message);
            }
        }
        return 0;
    }

private:
    void take(Message& message) {
        if (message.kind == Kind::kReopen) return adopt_logs(message, *site_);
        if (message.kind != Kind::kLoad) return;
        auto loaded = load(message);
        if (!loaded) {
            static_cast<void>(channel_.send(Kind::kRefused, message.generation, loaded.error().text));
            return;
        }
        static_cast<void>(channel_.send(Kind::kServing, message.generation));
    }

    static void adopt_logs(Message& message, const http::Site& site) {
        for (auto& handle : message.handles)
            if (handle.tag.role == Role::kLog && handle.tag.index < site.log_files.size())
                site.log_files[handle.tag.index]->adopt(handle.fd.release());
    }

    Result<> load(Message& message) {
        Fd bundle_fd;
        for (auto& handle : message.handles)
            if (handle.tag.role == Role::kBundle) bundle_fd = std::move(handle.fd);
        auto bundle = handoff::Bundle::open(std::move(bundle_fd));
        if (!bundle) return bundle.error();
        loader::BundleFiles files(*bundle);
        auto configuration = loader::read_configuration(source_, files, [](std::string) {});
        if (!configuration) return configuration.error();
        auto site = std::const_pointer_cast<const http::Site>(configuration->site);
        adopt_logs(message, *site);
        process_log() = *site->error_log;
        while (threads_.size() < bundle->plan().worker_threads) threads_.push_back(std::make_unique<LoopThread>());
        auto shares = share_out(message, bundle->plan());
        Latch latch(threads_.size());
        for (std::size_t i = 0; i < threads_.size(); ++i)
            threads_[i]->post([&, i] {
                threads_[i]->adopt(site, shares[i], static_cast<std::uint64_t>(configuration->worker_connections), configuration->multi_accept);
                latch.done();
            });
        latch.wait();
        site_ = site;
        shutdown_ms_ = static_cast<int>(bundle->plan().shutdown_timeout_ms);
        return {};
    }

    /// Which thread listens on what: a plain socket is shared by all, of reuseport ones each thread has its own.
    std::vector<std::vector<Share>> share_out(Message& message, const handoff::Plan& plan) const {
        std::vector<std::vector<Share>> shares(threads_.size());
        for (auto& handle : message.handles) {
            if (handle.tag.role != Role::kListen || handle.tag.index >= plan.listens.size()) continue;
            auto& listen = plan.listens[handle.tag.index];
            net::Address address(reinterpret_cast<const sockaddr*>(listen.address.data()), static_cast<socklen_t>(listen.address.size()));
            auto socket = std::make_shared<const Fd>(std::move(handle.fd));
            if (listen.reuseport) {
                shares[handle.tag.copy % shares.size()].push_back({socket, address});
            } else {
                for (auto& share : shares) share.push_back({socket, address});
            }
        }
        return shares;
    }

    /// Ends the process with what is buffered for its logs written out.
    [[noreturn]] void leave() {
        if (site_)
            for (auto& file : site_->log_files) file->flush();
        _exit(0);
    }

    int drain() {
        for (auto& thread : threads_) thread->post([&thread] { thread->drain(); });
        std::thread watchdog([this, ms = shutdown_ms_] {
            ::usleep(static_cast<useconds_t>(ms) * 1000);
            leave();  // the time for what was in flight is over
        });
        watchdog.detach();
        for (auto& thread : threads_) thread->join();
        return 0;
    }

    const loader::Source& source_;
    Channel channel_;
    std::vector<std::unique_ptr<LoopThread>> threads_;
    std::shared_ptr<const http::Site> site_;
    int shutdown_ms_ = 30000;
    int deadline_ms_ = -1;
    bool ended_ = false;
};

}  // namespace

int run(const loader::Source& source, Fd channel) {
    ::signal(SIGPIPE, SIG_IGN);
    return Worker(source, std::move(channel)).run();
}

}  // namespace bext::worker
