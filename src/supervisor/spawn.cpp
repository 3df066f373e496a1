#include "supervisor/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/leaks.h"
#include "base/log.h"

namespace bext::supervisor {
namespace {

constexpr int kChannelFd = 3;
constexpr int kLeaked = 23;  // the exit status that sanitizers have for it

/// The order matters: the log's files are closed by the range, not by an owner that would close another's number.
Fd keep_only(handoff::Channel channel) {
    int fd = std::move(channel).release().release();
    if (fd != kChannelFd) dup3(fd, kChannelFd, O_CLOEXEC);
    close_range(kChannelFd + 1, ~0U, 0);
    return Fd(kChannelFd);
}

template <class InChild>
Result<Child> fork_with_channel(InChild in_child) {
    auto ends = handoff::Channel::pair();
    if (!ends) return ends.error();
    pid_t parent = getpid();
    auto pid = fork();
    if (pid < 0) return Error::from_errno("fork()");
    if (pid == 0) {
        ends->first.close();
        int status = in_child(std::move(ends->second), parent);
        _exit(leaks_found() ? kLeaked : status);
    }
    return Child{pid, std::move(ends->first)};
}

}  // namespace

void reset_signals() {
    for (int signal = 1; signal < SIGRTMIN; ++signal) ::signal(signal, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

Result<Child> spawn_helper(const std::function<int(handoff::Channel)>& main) {
    return fork_with_channel([&](handoff::Channel channel, pid_t parent) {
        reset_signals();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) return 1;  // it died before the call
        return main(std::move(channel));
    });
}

Result<Child> spawn_worker(int error_log, const std::function<int(handoff::Channel)>& main) {
    return fork_with_channel([&](handoff::Channel channel, pid_t) {
        for (int signal : {SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGINT, SIGQUIT, SIGTERM, SIGPIPE})
            ::signal(signal, SIG_IGN);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        if (error_log >= 0) dup2(error_log, STDERR_FILENO);
        process_log() = Log();
        process_log().add(Level::kError, log_to_stderr());
        return main(handoff::Channel(keep_only(std::move(channel))));
    });
}

}  // namespace bext::supervisor
