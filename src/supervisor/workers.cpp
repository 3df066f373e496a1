// The worker processes of the Supervisor: one that serves, perhaps one on trial, and those that finish what they began.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/figures.h"
#include "base/log.h"
#include "supervisor/privileges.h"
#include "supervisor/report.h"
#include "supervisor/spawn.h"
#include "supervisor/supervisor.h"
#include "supervisor/title.h"

namespace bext::supervisor {
namespace {

constexpr std::uint64_t kEarly = 1000;       // a worker that lives for less and has answered nothing was of no use
constexpr std::uint64_t kLongestWait = 500;
constexpr std::uint64_t kGrace = 2000;       // beyond its own deadline, for a worker that drains
constexpr std::uint64_t kKillAfter = 1000;

std::string ended_how(int status) {
    if (WIFSIGNALED(status))
        return "exited on signal " + std::to_string(WTERMSIG(status)) + (WCOREDUMP(status) ? " (core dumped)" : "");
    return "exited with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<Supervisor::WorkerPtr> Supervisor::start_worker(const StatePtr& state) {
    // In the background there is no terminal: what a library writes to stderr goes to the error log, as with nginx.
    bool background = state->plan().daemon && !options_.foreground;
    auto spawned = spawn_worker(background ? state->logs.error_log_fd(state->plan()) : -1, [this, &state](handoff::Channel channel) {
        set_title(options_.title + ": worker process");
        if (auto ready = become_worker(state->plan()); !ready) {
            (void)channel.send(handoff::Kind::kRefused, state->generation, ready.error().text);
            return 2;
        }
        return roles_.worker_main(std::move(channel).release());
    });
    if (!spawned) {
        report(Level::kAlert, spawned.error().text + " while spawning \"worker process\"");
        return spawned.error();
    }
    report(Level::kNotice, "start worker process " + std::to_string(spawned->pid));
    auto worker = std::make_unique<Worker>();
    worker->pid = spawned->pid;
    worker->channel = std::move(spawned->channel);
    worker->started_ms = clock_ms();
    lend(*worker, state);
    return worker;
}

void Supervisor::lend(Worker& worker, const StatePtr& state) {
    std::vector<handoff::Loan> loans{{{handoff::Role::kBundle, 0, 0}, state->bundle.fd()}};
    for (auto& loan : state->sockets.loans()) loans.push_back(loan);
    for (auto& loan : state->logs.loans()) loans.push_back(loan);
    auto warm = std::move(before_.warm);  // of use to the first worker only
    if (warm) loans.push_back({{handoff::Role::kWarm, 0, 0}, warm.get()});
    worker.loading = state;
    worker.logs_seen = state->reopened;
    worker.load_deadline = clock_ms() + static_cast<std::uint64_t>(options_.load_deadline_ms);
    // A failure shows: the process dies, or the deadline passes.
    if (auto sent = worker.channel.send(handoff::Kind::kLoad, state->generation, {}, loans); !sent)
        report(Level::kAlert, sent.error().text);
}

void Supervisor::worker_spoke(Worker& worker) {
    handoff::Message message;
    handoff::Channel::Got got;
    while (worker.channel && (got = worker.channel.receive(message)) != handoff::Channel::Got::kNothing) {
        if (got == handoff::Channel::Got::kClosed) {
            worker.channel.close();
            if (!worker.end_deadline) kill(worker.pid, SIGKILL);  // it can no longer be told anything
            return;
        }
        if (message.kind == handoff::Kind::kServing) serving(worker, message.generation);
        if (message.kind == handoff::Kind::kReport && &worker == worker_.get()) answer_status(message.text);
        if (message.kind == handoff::Kind::kSaved && upgrade_ && upgrade_->stage == Upgrade::Stage::kSaving) {
            upgrade_->warm = message.take(handoff::Role::kWarm);
            start_successor();
        }
        if (message.kind == handoff::Kind::kUnable) unable(worker, message.generation, message.text);
        if (message.kind == handoff::Kind::kRefused) refused(worker, message.generation, message.text);
    }
}

void Supervisor::serving(Worker& worker, std::uint64_t generation) {
    if (worker.end_deadline) return;
    if (!worker.loading || worker.loading->generation != generation) return;
    worker.serving = std::move(worker.loading);
    worker.loading = nullptr;
    worker.load_deadline = 0;
    if (worker.logs_seen != worker.serving->reopened) {
        worker.logs_seen = worker.serving->reopened;
        (void)worker.channel.send(handoff::Kind::kReopen, generation, {}, worker.serving->logs.loans());
    }
    if (worker.serving == next_) return commit();
    // It was too late and the trial is over: back to what is in force.
    if (current_ && worker.serving != current_) lend(worker, current_);
}

void Supervisor::refused(Worker& worker, std::uint64_t generation, const std::string& reason) {
    if (!worker.loading || worker.loading->generation != generation) return;
    auto state = std::move(worker.loading);
    worker.loading = nullptr;
    worker.load_deadline = 0;
    if (!started_) {
        start_failure_ = reason;
        ask_to_end(worker, handoff::Kind::kTerminate);
        return;
    }
    if (state == next_) return abandon(reason);
    if (!reason.empty()) report(Level::kEmerg, reason);
    if (!worker.serving) ask_to_end(worker, handoff::Kind::kTerminate);  // of no use; a new one will be tried
}

/// kQuit lets it finish, bounded by the plan; kTerminate does not; then it is killed.
void Supervisor::ask_to_end(Worker& worker, handoff::Kind how, const Fd& heir) {
    auto now = clock_ms();
    worker.terminated = how == handoff::Kind::kTerminate;
    worker.load_deadline = 0;
    worker.end_deadline = worker.terminated ? now + kKillAfter : now + kGrace;
    if (worker.serving && !worker.terminated) {
        auto limit = worker.serving->plan().shutdown_timeout_ms;
        worker.end_deadline = limit ? worker.end_deadline + limit : UINT64_MAX;
    }
    std::vector<handoff::Loan> loans;
    if (heir) loans.push_back({{handoff::Role::kHeir, 0, 0}, heir.get()});
    auto sent = worker.channel ? worker.channel.send(how, 0, {}, loans, 100) : Result<>(Error{"closed"});
    if (!sent && worker.terminated) kill(worker.pid, SIGKILL);
}

/// Its idle connections go on in `heir`, unless that is null.
void Supervisor::drain(WorkerPtr worker, Worker* heir) {
    Fd here;
    if (heir)
        if (auto ends = handoff::Channel::pair()) {
            auto there = std::move(ends->second).release();
            if (heir->channel.send(handoff::Kind::kHeir, 0, {}, {{{handoff::Role::kHeir, 0, 0}, there.get()}}))
                here = std::move(ends->first).release();
        }
    ask_to_end(*worker, handoff::Kind::kQuit, here);
    draining_.push_back(std::move(worker));
}

/// SIGWINCH, nginx's way to have only the new binary serve while the old one can still come back.
void Supervisor::stop_worker() {
    if (!options_.masquerade || !worker_ || ending_ != Ending::kNo) return;
    worker_stopped_ = true;
    drain(std::move(worker_), nullptr);
}

void Supervisor::start_worker_again() {
    worker_stopped_ = false;
    respawn();
}

void Supervisor::reap() {
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        if (WIFSTOPPED(status) || WIFCONTINUED(status)) {
            heard_stop(pid, WIFSTOPPED(status));
            continue;
        }
        for (auto* worker : workers())  // its last words first
            if (worker->pid == pid && worker->channel) worker_spoke(*worker);
        if (upgrade_ && upgrade_->pid == pid) {
            if (upgrade_->channel) successor_spoke();
            upgrade_child_died(status, ended_how(status));
            continue;
        }
        worker_died(pid, ended_how(status));
    }
}

void Supervisor::worker_died(pid_t pid, const std::string& how) {
    auto is_it = [pid](const WorkerPtr& worker) { return worker && worker->pid == pid; };
    bool ours = is_it(worker_) || is_it(successor_) || std::any_of(draining_.begin(), draining_.end(), is_it);
    if (!ours) return;  // a loader, or a stranger that was left to us
    bool clean = how == "exited with code 0";
    std::string text = "worker process " + std::to_string(pid) + " " + how;
    report(clean || how.starts_with("exited with") ? Level::kNotice : Level::kAlert, text);
    auto answered = count_lost(pid, how.starts_with("exited on signal"));
    std::erase_if(draining_, is_it);
    if (is_it(successor_)) {
        successor_.reset();
        return abandon(text + " before it served the new configuration");
    }
    if (!is_it(worker_)) return;
    auto dead = std::move(worker_);
    if (!started_) {
        if (start_failure_.empty() && ending_ == Ending::kNo) start_failure_ = text + " before it served";
        return;
    }
    if (ending_ != Ending::kNo) return;
    respawn_later(answered > 0 || clock_ms() - dead->started_ms >= kEarly);
    // The new configuration may be what killed it.
    if (next_ && dead->loading == next_) abandon(text + " while it took the new configuration");
}

/// What it had under way is gone with it; when it ended by itself, that was already counted. Gives what it has answered.
std::uint64_t Supervisor::count_lost(pid_t pid, bool signalled) {
    auto left = figure_page().release(pid);
    if (!signalled) return left.answered;
    figure_page().claim_own().add(Tally::kLost, left.in_flight);
    figure_page().claim_own().add(Tally::kWorkerDeaths);
    return left.answered;
}

/// At once, as nginx does, while it helps: only workers that die before they are of any use are started ever later.
void Supervisor::respawn_later(bool was_of_use) {
    useless_ = was_of_use ? 0 : useless_ + 1;
    std::uint64_t wait = useless_ < 2 ? 0 : std::min(kLongestWait, std::uint64_t{25} << std::min(useless_, 10));
    if (wait)
        report(Level::kAlert, "worker process dies repeatedly, the next one starts in " + std::to_string(wait) + " ms");
    respawn_at_ = clock_ms() + wait;
}

void Supervisor::respawn() {
    respawn_at_ = 0;
    if (worker_ || ending_ != Ending::kNo) return;
    auto worker = start_worker(current_);
    if (worker) {
        worker_ = *std::move(worker);
    } else {
        report(Level::kAlert, "could not respawn worker process");
        respawn_later(false);
    }
}

std::vector<Supervisor::Worker*> Supervisor::workers() const {
    std::vector<Worker*> all;
    for (const auto* one : {&worker_, &successor_})
        if (*one) all.push_back(one->get());
    for (const auto& one : draining_) all.push_back(one.get());
    return all;
}

}  // namespace bext::supervisor
