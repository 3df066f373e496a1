// The signals of the Supervisor. https://nginx.org/en/docs/control.html
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "supervisor/report.h"
#include "supervisor/supervisor.h"

namespace bext::supervisor {
namespace {

// SIGALRM and SIGIO end a process that does not expect them; nginx's master survives them, too.
constexpr std::array kTaken = {SIGHUP,   SIGUSR1, SIGUSR2, SIGQUIT, SIGTERM,
                               SIGWINCH, SIGCHLD, SIGINT,  SIGALRM, SIGIO};

struct Described {
    const char* name;
    const char* action;
};

Described describe(int signal) {
    switch (signal) {
        case SIGHUP: return {"SIGHUP", ", reconfiguring"};
        case SIGUSR1: return {"SIGUSR1", ", reopening logs"};
        case SIGUSR2: return {"SIGUSR2", ", changing binary"};
        case SIGWINCH: return {"SIGWINCH", ""};
        case SIGQUIT: return {"SIGQUIT", ", shutting down"};
        case SIGTERM: return {"SIGTERM", ", exiting"};
        case SIGINT: return {"SIGINT", ", exiting"};
        case SIGCHLD: return {"SIGCHLD", ""};
        case SIGALRM: return {"SIGALRM", ""};
        default: return {"SIGIO", ""};
    }
}

}  // namespace

Result<> Supervisor::take_signals() {
    sigset_t taken;
    sigemptyset(&taken);
    for (int signal : kTaken) sigaddset(&taken, signal);
    if (sigprocmask(SIG_BLOCK, &taken, nullptr) != 0) return Error::from_errno("sigprocmask()");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);  // inherited as ignored, it would hide how a worker ended
    signals_ = Fd(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return Error::from_errno("signalfd()");
    return {};
}

void Supervisor::read_signals() {
    signalfd_siginfo signal;
    while (read(signals_.get(), &signal, sizeof signal) == sizeof signal) handle(signal);
}

void Supervisor::handle(const signalfd_siginfo& signal) {
    int number = static_cast<int>(signal.ssi_signo);
    auto [name, action] = describe(number);
    auto from = signal.ssi_pid ? " from " + std::to_string(signal.ssi_pid) : std::string();
    report(Level::kNotice, cat({"signal ", std::to_string(number), " (", name, ") received", from, action}));
    switch (number) {
        case SIGHUP: return worker_stopped_ ? start_worker_again() : reload();
        case SIGUSR1: return reopen_logs();
        case SIGQUIT: return end(Ending::kGraceful);
        case SIGTERM:
        case SIGINT: return end(options_.masquerade ? Ending::kGraceful : Ending::kNow);
        case SIGCHLD: return reap();
        case SIGUSR2: return upgrade(!options_.masquerade, {});
        case SIGWINCH: return stop_worker();
        default: return;
    }
}

/// Its worker may have answered requests already, before it was heard to serve: they have their time. The process that a
/// change of the binary starts is not needed before it serves: it ends at once.
bool Supervisor::ends_after_start(Ending how) {
    if (how != Ending::kGraceful || started_ || before_.channel) return false;
    return !std::exchange(end_after_start_, true);
}

/// Ends the service; asked a second time, at once.
void Supervisor::end(Ending how) {
    bool again = ending_ != Ending::kNo;
    if (!again && (ends_after_start(how) || ends_after_upgrade(how))) return;
    ending_ = again ? Ending::kNow : how;
    if (!again) {
        if (!upgrade_ || upgrade_->stage != Upgrade::Stage::kServing) reached(Milestone::kStopping);
        if (loader_ >= 0) kill(loader_, SIGKILL);
        if (started_ && next_) abandon({});
        respawn_at_ = 0;
    }
    bool handed = upgrade_ && upgrade_->stage == Upgrade::Stage::kServing;
    bool bext_goes_on = before_.channel || (handed && !upgrade_->stranger);
    if (current_ && !bext_goes_on) current_->sockets.acknowledge_at_once(true);
    auto heir = hand_over();
    bool graceful = ending_ == Ending::kGraceful && started_;
    // With an heir that takes nothing, an idle connection is not closed under its client's next request: it gets that answer, its last.
    if (graceful && leaving_ && !heir)
        if (auto ends = handoff::Channel::pair()) heir = std::move(ends->first).release();
    for (auto* worker : workers())
        if (!worker->terminated) ask_to_end(*worker, graceful ? handoff::Kind::kQuit : handoff::Kind::kTerminate, heir);
    // Nobody is to wait in a queue that will not be served: from here on a connection is refused, or another's.
    if (current_ && (handed || leaving_)) current_->sockets.own_files(false);
    if (current_) current_->sockets.retire({});
}

/// SIGUSR1: also for the configuration on trial and for those that draining workers still use.
void Supervisor::reopen_logs() {
    report(Level::kNotice, "reopening logs");
    std::vector<State*> done;
    auto reopen = [&done](const StatePtr& state) {
        if (!state || std::find(done.begin(), done.end(), state.get()) != done.end()) return;
        done.push_back(state.get());
        state->logs.reopen(geteuid() == 0 ? state->plan().uid : -1);
        ++state->reopened;
    };
    reopen(current_);
    reopen(next_);
    for (auto* worker : workers()) reopen(worker->serving);
    if (current_) use_logs_of(*current_);
    for (auto* worker : workers()) {
        if (!worker->serving) continue;  // told when it serves
        (void)worker->channel.send(handoff::Kind::kReopen, worker->serving->generation, {}, worker->serving->logs.loans());
        worker->logs_seen = worker->serving->reopened;
    }
}

}  // namespace bext::supervisor
