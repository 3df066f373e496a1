#include "supervisor/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/figures.h"
#include "base/log.h"
#include "base/text.h"
#include "supervisor/pidfile.h"
#include "supervisor/report.h"
#include "supervisor/service_sockets.h"
#include "supervisor/spawn.h"
#include "supervisor/takeover_sockets.h"
#include "supervisor/title.h"

namespace bext::supervisor {

std::uint64_t clock_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

int run(const Options& options, const Roles& roles) { return Supervisor(options, roles).run(); }

int Supervisor::run() {
    if (process_log().empty()) {
        process_log().add(Level::kNotice, log_to_stderr());
        log_is_stderr(true);
    }
    auto done = start();
    if (done) loop();
    if (!started_) {
        auto reason = done ? start_failure_ : done.error().text;
        if (!reason.empty()) report(Level::kEmerg, reason);
        if (before_.channel) (void)before_.channel.send(handoff::Kind::kRefused, 0, reason);
    }
    finish();
    return started_ || asked_to_end() ? 0 : 1;
}

Result<> Supervisor::start() {
    started_ms_ = clock_ms();
    if (auto prepared = prepare_start(); !prepared) return prepared;
    become_visible();
    open_control();
    if (auto taken = take_signals(); !taken) return taken;
    if (auto written = write_pid_file(pid_path(*next_)); !written) return written;
    next_pid_path_ = pid_path(*next_);
    report(Level::kNotice, "start worker processes");
    auto worker = start_worker(next_);
    if (!worker) return worker.error();
    worker_ = *std::move(worker);
    return {};
}

/// Everything that can be wrong with the configuration and the machine is found before the terminal is left.
Result<> Supervisor::prepare_start() {
    before_ = predecessor_from_environment();
    generation_ = before_.generation;
    history_ = History::after(before_.history, static_cast<bool>(before_.channel));
    if (auto made = take_figures(); !made) return made;
    bool inherited = false;
    auto fds = sockets_from_environment(inherited);
    for (auto& fd : sockets_from_service_manager()) fds.push_back(std::move(fd));
    for (auto& fd : sockets_from_takeover()) fds.push_back(std::move(fd));
    auto adopted = Sockets::adopt(std::move(fds));
    auto spawned = start_loader();
    if (!spawned) return spawned.error();
    loader_channel_ = std::move(spawned->channel);
    handoff::Message message;
    handoff::Channel::Got got;
    while ((got = loader_channel_.receive(message)) == handoff::Channel::Got::kNothing) {
        pollfd ready{loader_channel_.fd(), POLLIN, 0};
        poll(&ready, 1, -1);
    }
    loader_channel_.close();
    waitpid(spawned->pid, nullptr, 0);
    if (got == handoff::Channel::Got::kClosed) return Error{"the configuration's loader died"};
    if (message.kind != handoff::Kind::kLoaded || message.handles.empty()) return Error{message.text};
    auto state = make_state(std::move(message.handles.front().fd), adopted);
    if (!state) return state.error();
    next_ = *std::move(state);
    adopted.retire(next_->sockets);
    if (!next_->plan().daemon || options_.foreground || inherited) return {};
    auto background = Background::enter();
    if (!background) return background.error();
    background_ = *std::move(background);
    return {};
}

/// The figures of the process before go on; a page of another version begins anew.
Result<> Supervisor::take_figures() {
    if (before_.figures) {
        auto page = FigurePage::open(std::move(before_.figures));
        if (page) figure_page() = *std::move(page);
        if (!page) report(Level::kWarn, page.error().text + ", counting from zero");
    }
    if (figure_page()) return {};
    auto made = FigurePage::create();
    if (!made) return made.error();
    figure_page() = *std::move(made);
    return {};
}

void Supervisor::become_visible() {
    std::string title = options_.title + ": master process";
    for (const auto& word : options_.argv) title += " " + word;
    set_title(title);
    if (!options_.comm.empty()) set_comm(options_.comm);
}

void Supervisor::loop() {
    while (!over()) {
        if (!wait_for_events()) return;
        run_deadlines();
        look_at_worker();
        look_at_certificates();
        tell_status();
        if (respawn_at_ && clock_ms() >= respawn_at_) respawn();
    }
}

/// The start did not fail, it was called off.
bool Supervisor::asked_to_end() const { return ending_ != Ending::kNo && start_failure_.empty(); }

/// The start has failed, or everybody whom the end has to wait for is gone.
bool Supervisor::over() const {
    return started_ ? ending_ != Ending::kNo && workers().empty() : !worker_;
}

bool Supervisor::wait_for_events() {
    std::vector<pollfd> ready{{signals_.get(), POLLIN, 0}};
    if (loader_channel_) ready.push_back({loader_channel_.fd(), POLLIN, 0});
    for (auto* worker : workers())
        if (worker->channel) ready.push_back({worker->channel.fd(), POLLIN, 0});
    for (int fd : {control_.fd(), certificates_.fd(), before_.channel.fd(), upgrade_ ? upgrade_->channel.fd() : -1})
        if (fd >= 0) ready.push_back({fd, POLLIN, 0});
    for (auto& caller : callers_) ready.push_back({caller.fd(), POLLIN, 0});
    int count = poll(ready.data(), ready.size(), wait_ms());
    if (count < 0 && errno != EINTR) {
        report(Level::kAlert, Error::from_errno("poll()").text);
        return false;
    }
    auto is_ready = [&ready](int fd) {
        return std::any_of(ready.begin(), ready.end(), [fd](const pollfd& one) { return one.fd == fd && one.revents; });
    };
    // What a process said is heard before its death is, so its last words count.
    if (loader_channel_ && is_ready(loader_channel_.fd())) loader_spoke();
    for (auto* worker : workers())
        if (worker->channel && is_ready(worker->channel.fd())) worker_spoke(*worker);
    if (before_.channel && is_ready(before_.channel.fd())) predecessor_spoke();
    if (upgrade_ && upgrade_->channel && is_ready(upgrade_->channel.fd())) successor_spoke();
    for (auto& caller : callers_)
        if (is_ready(caller.fd())) hear(caller);
    std::erase_if(callers_, [](const Asker& caller) { return caller.fd() < 0; });
    if (control_ && is_ready(control_.fd())) asked();
    if (certificates_.fd() >= 0 && is_ready(certificates_.fd())) certificates_.hear(clock_ms());
    if (is_ready(signals_.get())) read_signals();
    return true;
}

int Supervisor::wait_ms() const {
    auto now = clock_ms();
    std::uint64_t next = UINT64_MAX;
    auto consider = [&next](std::uint64_t deadline) {
        if (deadline) next = std::min(next, deadline);
    };
    consider(respawn_at_);
    consider(status_deadline_);
    consider(next_keep_alive_);
    consider(next_status_);
    consider(certificates_.due());
    if (worker_) consider(next_look_);
    if (upgrade_) consider(upgrade_->deadline);
    for (auto* worker : workers()) {
        consider(worker->load_deadline);
        consider(worker->end_deadline);
    }
    if (next == UINT64_MAX) return -1;
    return next <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(next - now, 60'000));
}

void Supervisor::run_deadlines() {
    auto now = clock_ms();
    if (status_deadline_ && now >= status_deadline_) answer_status("null");
    if (upgrade_ && upgrade_->deadline && now >= upgrade_->deadline) upgrade_late();
    for (auto* worker : workers()) {
        if (worker->end_deadline && now >= worker->end_deadline) {
            if (worker->terminated) {
                kill(worker->pid, SIGKILL);
                worker->end_deadline = now + 1000;
            } else {
                ask_to_end(*worker, handoff::Kind::kTerminate);
            }
        }
        if (!worker->load_deadline || now < worker->load_deadline) continue;
        worker->load_deadline = 0;
        std::string late = "worker process " + std::to_string(worker->pid) + " did not take the configuration in time";
        bool on_trial = next_ && worker->loading == next_;
        if (!worker->serving) kill(worker->pid, SIGKILL);
        if (on_trial && started_ && worker == worker_.get()) {
            report(Level::kAlert, late);
            try_elsewhere();
        } else if (on_trial && started_) {
            abandon(late);
        } else {
            report(Level::kAlert, late);
        }
    }
}

void Supervisor::finish() {
    control_.close();
    for (auto* worker : workers()) kill(worker->pid, SIGKILL);
    if (!next_pid_path_.empty()) (void)remove_pid_file(next_pid_path_);
    if (next_) next_->sockets.retire({});
    if (!current_) return;
    auto path = old_pid_path_.empty() ? pid_path(*current_) : old_pid_path_;
    if (auto removed = remove_pid_file(path); !removed) report(Level::kAlert, removed.error().text);
    report(Level::kNotice, "exit");
    current_->sockets.retire({});
}

std::string Supervisor::pid_path(const State& state) const {
    return options_.pid_path.empty() ? state.plan().pid_path : options_.pid_path;
}

}  // namespace bext::supervisor
