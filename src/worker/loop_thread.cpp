#include "worker/loop_thread.h"

#include <condition_variable>

#include "http1/connection.h"
#include "net/loop.h"

namespace bext::worker {

using http::LiveConnection;

namespace {
constexpr std::uint64_t kLastCall = 1000;   // ms
constexpr std::uint64_t kPassAgain = 50;    // ms
}

LoopThread::LoopThread(std::function<void()> ended) {
    std::mutex mutex;
    std::condition_variable ready;
    thread_ = std::thread([&, this, ended = std::move(ended)] {
        http::Thread context;
        {
            std::lock_guard lock(mutex);
            context_ = &context;
            ready.notify_one();
        }
        context.loop.run();
        listeners_.clear();
        later_.clear();
        {
            std::lock_guard lock(mutex_);
            context_ = nullptr;
        }
        ended();
    });
    std::unique_lock lock(mutex);
    ready.wait(lock, [this] { return context_ != nullptr; });
}

void LoopThread::adopt(const Settings& settings, const std::vector<Share>& shares) {
    std::uint32_t close_after = 0;
    if (context_->site) {
        close_after = context_->site->site().close_after_reload_ms;
        context_->site->release();
    }
    context_->site = http::SiteUse::make(settings.site);
    context_->connection_limit = settings.connection_limit;
    context_->files.clear();  // a reload begins with nothing remembered, as new worker processes of nginx do
    auto old = std::exchange(listeners_, {});
    for (auto& share : shares)
        listeners_.push_back(std::make_unique<Listener>(*context_, share.socket, share.address, settings.multi_accept));
    for (auto& listener : old) Listener::retire(std::move(listener));
    context_->idle.each([](LiveConnection& connection) { connection.follow(); });
    if (close_after) expire_old_later(close_after, settings.site->generation);
}

/// worker_shutdown_timeout: what a reload has left behind does not live for ever. What a later one leaves has its own time.
void LoopThread::expire_old_later(std::uint32_t ms, std::uint64_t generation) {
    after(ms, [this, generation] { expire_before(generation); });
}

LoopThread::Later::Later(LoopThread& thread, std::function<void()> what)
    : Timer([](Timer& timer) {
          auto& due = static_cast<Later&>(timer);
          auto now = std::move(due.work);
          due.owner.later_.remove_if([&](const Later& one) { return &one == &due; });
          now();
      }),
      owner(thread), work(std::move(what)) {}

void LoopThread::after(std::uint64_t ms, std::function<void()> work) { later_.emplace_back(*this, std::move(work)).arm(ms); }

void LoopThread::take(Fd fd, const http::PassedConnection& passed) {
    for (auto& listen : context_->site->site().listens)
        if (listen->address == passed.listen && !listen->options.ssl)
            return http1::ClientConnection::adopt(*context_, *listen, std::move(fd), passed);
    context_->figures.add(Tally::kClosedByReload);
}

void LoopThread::drain(std::shared_ptr<Heir> heir) {
    context_->draining = true;
    if (heir)
        context_->pass = [this, heir](int fd, const http::PassedConnection& passed) {
            auto done = heir->pass(fd, passed);
            if (done == Heir::Passed::kNobody) context_->loop.later([this] { context_->pass = nullptr; });
            return done == Heir::Passed::kYes;
        };
    for (auto& listener : std::exchange(listeners_, {})) Listener::retire(std::move(listener));
    context_->clients.each([](LiveConnection& connection) { connection.wind_down(); });
    context_->idle.each([](LiveConnection& connection) { connection.drain(false); });
    if (heir) pass_later();
    if (!heir) last_call_later();
    context_->on_last_connection = [this] { context_->loop.stop(); };
    if (context_->connections == 0) context_->loop.stop();
}

/// What the heir had no room for is offered again until it is taken, or the time to drain is over.
void LoopThread::pass_later() {
    if (!context_->pass) return last_call_later();
    after(kPassAgain, [this] {
        context_->idle.each([](LiveConnection& connection) { connection.drain(false); });
        pass_later();
    });
}

/// Who is about to make a request is still answered, for the last time: closing an idle connection at once would lose it.
void LoopThread::last_call_later() {
    after(kLastCall, [this] { context_->idle.each([](LiveConnection& connection) { connection.drain(true); }); });
}

void LoopThread::expire() {
    context_->clients.each([](LiveConnection& connection) { connection.expire(LiveConnection::Why::kDrain, UINT64_MAX); });
}

void LoopThread::expire_before(std::uint64_t generation) {
    context_->clients.each([&](LiveConnection& connection) { connection.expire(LiveConnection::Why::kReload, generation); });
}

void LoopThread::count(std::map<std::uint64_t, Holders>& generations) {
    generations[context_->site->site().generation];
    auto add = [&](const http::Site& site, bool in_request) {
        auto& holders = generations[site.generation];
        ++(in_request ? holders.requests : holders.idle);
    };
    context_->clients.each([&](LiveConnection& connection) { connection.each_site(add); });
}

}  // namespace bext::worker
