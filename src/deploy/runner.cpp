#include "deploy/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

extern char** environ;

namespace bext::deploy {
namespace {

/// Starts sh in a session of its own, so that a signal to this process's group is none to it.
Result<pid_t> spawn_shell(const std::string& command, int output) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    const char* words[] = {"sh", "-c", command.c_str(), nullptr};
    pid_t pid = -1;
    int failed = posix_spawn(&pid, "/bin/sh", &files, &attributes, const_cast<char**>(words), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (failed) return Error::from_errno("starting \"/bin/sh\"", failed);
    return pid;
}

}  // namespace

Runner::Runner(boost::asio::io_context& io, std::string command, int output)
    : children_(io, SIGCHLD), command_(std::move(command)), output_(output) {}

Runner::Started Runner::run() {
    if (running()) {
        again_ = true;
        return Started::kLater;
    }
    auto started = start();
    if (started) return Started::kNow;
    process_log().write(Level::kError, "git_deploy: " + started.error().text);
    return Started::kFailed;
}

Result<> Runner::start() {
    auto pid = spawn_shell(command_, output_);
    if (!pid) return pid.error();
    pid_ = *pid;
    process_log().write(Level::kNotice, cat({"git_deploy: process ", std::to_string(pid_), " runs \"", command_, "\""}));
    wait_for_end();
    return {};
}

void Runner::wait_for_end() {
    children_.async_wait([this](auto error, int) {
        if (error) return;
        int status = 0;
        if (waitpid(pid_, &status, WNOHANG) == pid_) return ended(status);
        wait_for_end();
    });
    // It may have ended before anybody waited.
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_) raise(SIGCHLD);
}

void Runner::ended(int status) {
    auto how = WIFEXITED(status) ? "exited with status " + std::to_string(WEXITSTATUS(status))
                                 : "was ended by signal " + std::to_string(WTERMSIG(status));
    process_log().write(status == 0 ? Level::kNotice : Level::kError, cat({"git_deploy: process ", std::to_string(pid_), " ", how}));
    pid_ = -1;
    if (!again_) return;
    again_ = false;
    run();
}

}  // namespace bext::deploy
