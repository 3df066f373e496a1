// How the Supervisor takes a new configuration: load it in another process, open what is new, try it, and only then let
// go of the old one. Whatever fails on the way, the old one stays in force.
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "base/figures.h"
#include "base/log.h"
#include "supervisor/pidfile.h"
#include "supervisor/privileges.h"
#include "supervisor/report.h"
#include "supervisor/spawn.h"
#include "supervisor/supervisor.h"

namespace bext::supervisor {

Result<Child> Supervisor::start_loader() const {
    return spawn_helper([this](handoff::Channel channel) {
        if (started_) (void)setpriority(PRIO_PROCESS, 0, 10);  // requests go first
        auto bundle = roles_.load(options_);
        auto sent = bundle ? channel.send(handoff::Kind::kLoaded, 0, {}, {{{handoff::Role::kBundle, 0, 0}, bundle->get()}})
                           : channel.send(handoff::Kind::kRefused, 0, bundle.error().text);
        return bundle && sent ? 0 : 1;
    });
}

void Supervisor::reload() {
    if (!started_ || ending_ != Ending::kNo) return;
    if (loader_ >= 0 || next_) {
        reload_again_ = true;  // the running one may have read the files before they were changed
        return;
    }
    reload_again_ = false;
    report(Level::kNotice, "reconfiguring");
    reached(Milestone::kReloading);
    auto spawned = start_loader();
    if (!spawned) {
        report(Level::kAlert, spawned.error().text + " while spawning the configuration's loader");
        return reload_ended(Milestone::kReloadFailed, spawned.error().text);
    }
    loader_ = spawned->pid;
    loader_channel_ = std::move(spawned->channel);
}

void Supervisor::loader_spoke() {
    handoff::Message message;
    auto got = loader_channel_.receive(message);
    if (got == handoff::Channel::Got::kNothing) return;
    loader_channel_.close();
    loader_ = -1;  // it has nothing more to do than to exit
    if (ending_ != Ending::kNo) return;
    if (got == handoff::Channel::Got::kMessage && message.kind == handoff::Kind::kLoaded && !message.handles.empty())
        return try_bundle(std::move(message.handles.front().fd));
    auto text = got == handoff::Channel::Got::kClosed ? "the configuration's loader died" : message.text;
    if (!text.empty()) report(Level::kEmerg, text);
    reload_ended(Milestone::kReloadFailed, text);
}

/// nginx's order: pid file, directories, logs, sockets.
Result<Supervisor::StatePtr> Supervisor::make_state(Fd bundle, const Sockets& current) {
    auto opened = handoff::Bundle::open(std::move(bundle));
    if (!opened) return opened.error();
    auto state = std::make_shared<State>(++generation_, *std::move(opened));
    auto path = pid_path(*state);
    bool moved = current_ && path != pid_path(*current_);
    if (moved)
        if (auto written = write_pid_file(path); !written) return written.error();
    if (auto done = open_state(*state, current); !done) {
        if (moved) (void)remove_pid_file(path);
        return done.error();
    }
    next_pid_path_ = moved ? path : std::string();
    return state;
}

Result<> Supervisor::open_state(State& state, const Sockets& current) {
    if (auto created = create_directories(state.plan()); !created) return created.error();
    auto logs = Logs::open(state.plan());
    if (!logs) return logs.error();
    state.logs = *std::move(logs);
    if (!current_) use_logs_of(state);  // from here on a failed start is in the error log too
    auto sockets = Sockets::open(state.plan().listens, current, &busy_);
    if (!sockets) return sockets.error();
    state.sockets = *std::move(sockets);
    return {};
}

void Supervisor::try_bundle(Fd bundle) {
    auto state = make_state(std::move(bundle), current_->sockets);
    if (!state) {
        report(Level::kEmerg, state.error().text);
        // nginx's text does not say where; who asked does not read the log.
        return reload_ended(Milestone::kReloadFailed, state.error().system == EADDRINUSE && !busy_.empty() ? busy_ : state.error().text);
    }
    next_ = *std::move(state);
    if (auto other = taken_along(*next_); !other.empty()) {
        return abandon("no reload for the certificates alone, since \"" + other + "\" has changed, too: the next reload takes both", Level::kWarn);
    }
    bool in_place = worker_ && worker_->serving && next_->plan().same_process(worker_->serving->plan());
    if (in_place && hangs(*worker_, patience(10))) {
        report(Level::kAlert, "worker process " + std::to_string(worker_->pid) + " hangs: " + hangs_where(*worker_) + "; another one is started");
        in_place = false;
    }
    if (in_place) return lend(*worker_, next_);
    auto worker = start_worker(next_);
    if (!worker) return abandon(worker.error().text);
    successor_ = *std::move(worker);
}

/// The trial has succeeded: what only the old configuration needed goes.
void Supervisor::commit() {
    auto old = std::exchange(current_, std::exchange(next_, nullptr));
    auto path = std::exchange(next_pid_path_, {});
    started_ = true;
    current_->since = time(nullptr);
    use_logs_of(*current_);
    certificates_.begin(current_->plan().certificates);
    if (certificates_.fd() >= 0) certificates_.postpone(clock_ms());  // what has changed since they were read
    current_->sockets.own_files(!before_.channel);
    if (successor_) {
        if (worker_) drain(std::move(worker_), successor_.get());
        worker_ = std::move(successor_);
        respawn_at_ = 0;
    }
    if (!old) {
        end_of_start();
        background_.succeeded();
        reached(Milestone::kReady);
        tell_predecessor();
        if (end_after_start_) end(Ending::kGraceful);
        return;
    }
    if (!path.empty())
        if (auto removed = remove_pid_file(pid_path(*old)); !removed) report(Level::kAlert, removed.error().text);
    old->sockets.retire(current_->sockets);
    reload_ended(Milestone::kReloaded);
}

void Supervisor::abandon(const std::string& reason, Level level) {
    auto failed = std::exchange(next_, nullptr);
    if (!reason.empty()) report(level, reason);
    if (!next_pid_path_.empty()) (void)remove_pid_file(std::exchange(next_pid_path_, {}));
    if (failed && current_) failed->sockets.retire(current_->sockets);
    if (successor_) {
        ask_to_end(*successor_, handoff::Kind::kTerminate);
        draining_.push_back(std::move(successor_));
    }
    if (worker_ && std::exchange(worker_->passed_over, false)) lend(*worker_, current_);  // what it took up meanwhile is void
    reload_ended(Milestone::kReloadFailed, reason);
}

void Supervisor::reload_ended(Milestone milestone, const std::string& detail) {
    bool good = milestone == Milestone::kReloaded;
    history_.reloaded(good, detail.empty() ? "the configuration was refused; the error log says why" : detail);
    for_certificates_ = false;
    figure_page().claim_own().add(good ? Tally::kReloads : Tally::kReloadsFailed);
    reached(milestone, detail);
    answer_reload(milestone, detail);
    if (reload_again_) reload();
}

/// The process log, and stderr when the error log is a file: a library's last words are to be found there.
void Supervisor::use_logs_of(const State& state) {
    int file = state.logs.error_log_fd(state.plan());
    process_log() = state.logs.log_of(state.plan());
    log_is_stderr(Logs::on_stderr(state.plan()));
    if (started_ && file >= 0) dup2(file, STDERR_FILENO);
}

}  // namespace bext::supervisor
