#include "worker/worker.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "base/memory.h"
#include "base/text.h"
#include "base/warm.h"
#include "handoff/bundle.h"
#include "handoff/channel.h"
#include "loader/bundle_files.h"
#include "worker/heir.h"
#include "worker/loop_thread.h"

namespace bext::worker {
namespace {

using handoff::Channel;
using handoff::Kind;
using handoff::Message;
using handoff::Role;

constexpr int kLessUrgent = 10;  // nice
constexpr std::int64_t kLookAgain = 200;  // ms, until old Sites are looked at again
constexpr std::int64_t kReportTime = 1000;  // ms, for every thread to be counted
constexpr std::int64_t kLastWords = 500;  // ms after the deadline, for what the connections then write

std::int64_t clock_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void use_warm_state(Fd fd) {
    struct stat facts {};
    if (!fd || fstat(fd.get(), &facts) != 0 || facts.st_size == 0) return;
    auto size = static_cast<std::size_t>(facts.st_size);
    auto* at = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return;
    if (auto loaded = warm_state().load({static_cast<const char*>(at), size}); !loaded)
        process_log().write(Level::kWarn, loaded.error().text + ", starting without it");
    munmap(at, size);
}

class Worker {
public:
    Worker(const loader::Source& source, Fd channel)
        : source_(source), channel_(std::move(channel)), ended_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

    int run() {
        while (running()) {
            wait();
            try {
                turn();
            } catch (const std::bad_alloc&) {
                process_log().write(Level::kEmerg, "malloc() failed (12: Cannot allocate memory)");
            }
            if (memory::is_short()) memory::fill_reserve();
        }
        for (auto& thread : threads_) thread->join();
        flush_logs();
        return 0;
    }

private:
    void turn() {
        std::uint64_t count = 0;  // before anything is looked at: what is done after that wakes again
        static_cast<void>(!::read(ended_.get(), &count, sizeof count));
        take_messages();
        answer();
        std::erase_if(before_, [this](Channel& one) { return !Heir::receive(one, [this](Fd fd, auto& passed) { take_over(std::move(fd), passed); }); });
        std::erase_if(old_sites_, [](auto& site) { return site.use_count() == 1; });
        if (deadline_ && clock_ms() >= deadline_) deadline_passed();
    }

    /// Until it is to end and every thread has.
    bool running() const { return !draining_ || threads_ended_.load() < threads_.size(); }

    void wait() {
        std::vector<pollfd> ready{{ended_.get(), POLLIN, 0}};
        if (channel_) ready.push_back({channel_.fd(), POLLIN, 0});
        for (auto& one : before_) ready.push_back({one.fd(), POLLIN, 0});
        auto left = deadline_ ? std::max<std::int64_t>(deadline_ - clock_ms(), 0) : std::int64_t{-1};
        if ((report_ || !old_sites_.empty()) && (left < 0 || left > kLookAgain)) left = kLookAgain;
        ::poll(ready.data(), ready.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    }

    void take_messages() {
        Message message;
        while (channel_) {
            auto got = channel_.receive(message);
            if (got == Channel::Got::kNothing) return;
            if (got == Channel::Got::kClosed) {
                channel_.close();
                return drain({});  // the supervisor is gone
            }
            try {
                take(message);
            } catch (const std::bad_alloc&) {
                if (message.kind == Kind::kLoad) unable(message, "it has no memory left");
            }
        }
    }

    void take(Message& message) {
        switch (message.kind) {
            case Kind::kLoad: return load_or_refuse(message);
            case Kind::kReopen: return adopt_logs(message, *site_);
            case Kind::kHeir:
                if (auto fd = message.take(Role::kHeir)) before_.emplace_back(std::move(fd));
                return;
            case Kind::kReport: return begin_report();
            case Kind::kSave: return save();
            case Kind::kQuit: return drain(message.take(Role::kHeir));
            case Kind::kTerminate: return expire();
            default: return;
        }
    }

    void say(Kind kind, std::string_view text, const std::vector<handoff::Loan>& loans = {}) {
        static_cast<void>(channel_.send(kind, site_ ? site_->generation : 0, text, loans));
    }

    void load_or_refuse(Message& message) {
        if (message.cut) return unable(message, "it has no descriptors left");
        auto loaded = load(message);
        if (!loaded) static_cast<void>(channel_.send(Kind::kRefused, message.generation, loaded.error().text));
    }

    void unable(const Message& message, std::string_view why) {
        static_cast<void>(channel_.send(Kind::kUnable, message.generation, why));
    }

    static void adopt_logs(Message& message, const http::Site& site) {
        for (auto& handle : message.handles)
            if (handle.tag.role == Role::kLog && handle.tag.index < site.log_files.size())
                site.log_files[handle.tag.index]->adopt(handle.fd.release());
    }

    /// The Site in force stays until the threads are told of the new one.
    Result<> load(Message& message) {
        auto bundle = handoff::Bundle::open(message.take(Role::kBundle));
        if (!bundle) return bundle.error();
        use_warm_state(message.take(Role::kWarm));
        loader::BundleFiles files(*bundle);
        loader::BundleNames names(*bundle);
        auto source = source_;
        source.privileged = bundle->plan().privileged;
        source.compatible = NginxVersion::parse(bundle->plan().compatible).value_or(kNewestNginx);
        auto configuration = loader::read_configuration(source, files, names, [](std::string) {});
        if (!configuration) return configuration.error();
        configuration->site->generation = message.generation;
        Settings settings{configuration->site, static_cast<std::uint64_t>(configuration->worker_connections), configuration->multi_accept};
        adopt_logs(message, *settings.site);
        process_log() = *settings.site->error_log;
        start_threads(bundle->plan().worker_threads);
        auto shares = share_out(message, bundle->plan());
        taking_up_ = on_all([settings, shares](LoopThread& thread, std::size_t i) { thread.adopt(settings, shares[i]); });
        if (auto before = std::exchange(site_, settings.site)) old_sites_.push_back(std::move(before));
        shutdown_ms_ = bundle->plan().shutdown_timeout_ms;
        return {};
    }

    void start_threads(std::size_t count) {
        if (threads_.size() >= count) return;
        while (threads_.size() < count)
            threads_.push_back(std::make_unique<LoopThread>([this] {
                threads_ended_.fetch_add(1);
                eventfd_write(ended_.get(), 1);
            }));
        // From now on this thread only reads configurations: requests go first.
        static_cast<void>(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + kLessUrgent));
    }

    /// Has every thread do `work`; the Latch opens when all have. Nobody waits for it here: one of them may hang.
    template <class Work>
    std::shared_ptr<Latch> on_all(Work work) {
        auto latch = std::make_shared<Latch>(threads_.size(), ended_.get());
        for (std::size_t i = 0; i < threads_.size(); ++i)
            threads_[i]->post([work, latch, i, &thread = *threads_[i]] {
                work(thread, i);
                latch->done();
            });
        return latch;
    }

    /// Says what all threads have done meanwhile.
    void answer() {
        if (taking_up_ && taking_up_->open()) {
            taking_up_ = nullptr;
            say(Kind::kServing, "");
        }
        if (!report_ || (!report_->latch->open() && clock_ms() < report_->deadline)) return;
        auto asked = std::exchange(report_, nullptr);
        say(Kind::kReport, text_of(*asked));
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

    void take_over(Fd fd, const http::PassedConnection& passed) {
        if (threads_.empty()) return;
        auto& thread = *threads_[next_thread_++ % threads_.size()];
        auto keep = std::make_shared<Fd>(std::move(fd));
        thread.post([&thread, keep, here = http::PassedConnection(passed), header = std::string(passed.proxy_header)]() mutable {
            here.proxy_header = header;
            thread.take(std::move(*keep), here);
        });
    }

    /// What is being counted for a report.
    struct Report {
        std::mutex mutex;
        std::map<std::uint64_t, Holders> all;
        std::shared_ptr<Latch> latch;
        std::int64_t deadline = 0;
    };

    void begin_report() {
        auto made = std::make_shared<Report>();
        if (draining_) return say(Kind::kReport, text_of(*made));
        made->deadline = clock_ms() + kReportTime;
        made->latch = on_all([made](LoopThread& thread, std::size_t) {
            std::lock_guard lock(made->mutex);
            thread.count(made->all);
        });
        report_ = std::move(made);
    }

    /// {"threads":2,"generations":[{"generation":4,"idle":10,"requests":1}]}
    std::string text_of(Report& report) {
        std::lock_guard lock(report.mutex);
        auto& all = report.all;
        std::string text = cat({"{\"threads\":", std::to_string(threads_.size()), ",\"generations\":["});
        for (auto& [generation, holders] : all)
            text += cat({text.ends_with('[') ? "" : ",", "{\"generation\":", std::to_string(generation), ",\"idle\":", std::to_string(holders.idle),
                         ",\"requests\":", std::to_string(holders.requests), "}"});
        return text + "]}";
    }

    void save() {
        auto bytes = warm_state().save();
        Fd fd(memfd_create("bext-warm", MFD_CLOEXEC));
        auto written = fd ? ::write(fd.get(), bytes.data(), bytes.size()) : -1;
        if (written != static_cast<ssize_t>(bytes.size())) return say(Kind::kSaved, "");
        say(Kind::kSaved, "", {{{Role::kWarm, 0, 0}, fd.get()}});
    }

    void drain(Fd heir_fd) {
        if (std::exchange(draining_, true)) return;
        auto heir = heir_fd ? std::make_shared<Heir>(std::move(heir_fd)) : nullptr;
        for (auto& thread : threads_) thread->post([&thread, heir] { thread->drain(heir); });
        deadline_ = clock_ms() + shutdown_ms_;
    }

    /// The time for what was in flight is over.
    void deadline_passed() {
        if (std::exchange(expired_, true)) leave();
        for (auto& thread : threads_) thread->post([&thread] { thread->expire(); });
        deadline_ = clock_ms() + kLastWords;
    }

    void expire() {
        if (threads_.empty()) leave();
        drain({});
        if (!expired_) deadline_passed();
    }

    void flush_logs() const {
        if (!site_) return;
        for (auto& file : site_->log_files) file->flush();
    }

    /// Ends the process with what is buffered for its logs written out.
    [[noreturn]] void leave() const {
        flush_logs();
        _exit(0);
    }

    const loader::Source& source_;
    Channel channel_;
    std::vector<Channel> before_;  // on which processes that end pass their connections
    Fd ended_;  // a thread has done something that is waited for
    std::atomic<std::uint64_t> threads_ended_ = 0;
    std::vector<std::unique_ptr<LoopThread>> threads_;
    std::size_t next_thread_ = 0;
    std::shared_ptr<Latch> taking_up_;  // of the last configuration, until every thread has it
    std::shared_ptr<Report> report_;
    std::shared_ptr<const http::Site> site_;
    std::vector<std::shared_ptr<const http::Site>> old_sites_;  // freed here once unused: a large one takes its time
    std::int64_t shutdown_ms_ = 30000;
    std::int64_t deadline_ = 0;  // 0: none
    bool draining_ = false, expired_ = false;
};

}  // namespace

int run(const loader::Source& source, Fd channel) {
    ::signal(SIGPIPE, SIG_IGN);
    Pulse::current() = nullptr;  // that of the supervisor, before the fork
    memory::fill_reserve();
    return Worker(source, std::move(channel)).run();
}

}  // namespace bext::worker
