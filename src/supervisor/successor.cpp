// The processes of upgrade.h: how the new binary is executed, and what it finds in its environment.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.h"
#include "supervisor/report.h"
#include "supervisor/spawn.h"
#include "supervisor/upgrade.h"

namespace bext::supervisor {
namespace {

constexpr const char* kSockets = "BEXT_UPGRADE_FDS";
constexpr const char* kOldPid = "BEXT_UPGRADE_OLD_PID";
constexpr const char* kChannel = "BEXT_UPGRADE_CHANNEL";
constexpr int kPatience = 5000;  // ms for what the process before has sent already

[[noreturn]] void execute(const std::string& binary, const std::vector<std::string>& argv) {
    std::vector<char*> words;
    for (auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    execv(binary.c_str(), words.data());
    auto text = Error::from_errno("execve() \"" + binary + "\"").text + "\n";
    [[maybe_unused]] auto n = ::write(STDERR_FILENO, text.data(), text.size());
    _exit(127);
}

void inherit(int fd) { fcntl(fd, F_SETFD, 0); }

std::string take(const char* name) {
    const char* value = getenv(name);
    std::string text = value ? value : "";
    unsetenv(name);
    return text;
}

}  // namespace

Result<Fd> spawn_check(const std::string& binary, const std::vector<std::string>& argv, pid_t& pid) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Error::from_errno("pipe2()");
    Fd reading(ends[0]), writing(ends[1]);
    pid = fork();
    if (pid < 0) return Error::from_errno("fork()");
    if (pid == 0) {
        reset_signals();
        dup2(writing.get(), STDOUT_FILENO);
        dup2(writing.get(), STDERR_FILENO);
        execute(binary, argv);
    }
    fcntl(reading.get(), F_SETFL, O_NONBLOCK);
    return reading;
}

Result<handoff::Channel> spawn_successor(const std::string& binary, const std::vector<std::string>& argv,
                                         const std::vector<int>& sockets, pid_t to_end, pid_t& pid) {
    auto ends = handoff::Channel::pair();
    if (!ends) return ends.error();
    pid = fork();
    if (pid < 0) return Error::from_errno("fork()");
    if (pid == 0) {
        reset_signals();
        std::string list;
        for (int fd : sockets) {
            inherit(fd);
            list += (list.empty() ? "" : ",") + std::to_string(fd);
        }
        inherit(ends->second.fd());
        setenv(kSockets, list.c_str(), 1);
        setenv(kChannel, std::to_string(ends->second.fd()).c_str(), 1);
        if (to_end > 0) setenv(kOldPid, std::to_string(to_end).c_str(), 1);
        // The watchdog of the service manager watches one process: from now on this one.
        if (getenv("WATCHDOG_PID")) setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
        execute(binary, argv);
    }
    return std::move(ends->first);
}

Result<pid_t> spawn_stranger(const std::string& binary, const std::vector<std::string>& argv, const std::vector<int>& sockets) {
    pid_t pid = fork();
    if (pid < 0) return Error::from_errno("fork()");
    if (pid > 0) return pid;
    reset_signals();
    std::string list;
    for (int fd : sockets) {
        inherit(fd);
        list += std::to_string(fd) + ";";
    }
    setenv("NGINX", list.c_str(), 1);
    for (auto* name : {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"}) unsetenv(name);
    execute(binary, argv);
}

Predecessor predecessor_from_environment() {
    Predecessor before;
    auto channel = parse_decimal(take(kChannel), 1 << 30);
    auto pid = parse_decimal(take(kOldPid), INT32_MAX);
    // Only a parent that still lives is surely the process that is meant.
    if (pid && *pid > 1 && static_cast<pid_t>(*pid) == getppid()) before.to_end = static_cast<pid_t>(*pid);
    if (!channel) return before;
    Fd fd(static_cast<int>(*channel));
    fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
    before.channel = handoff::Channel(std::move(fd));
    pollfd ready{before.channel.fd(), POLLIN, 0};
    poll(&ready, 1, kPatience);
    handoff::Message message;
    if (before.channel.receive(message) != handoff::Channel::Got::kMessage || message.kind != handoff::Kind::kWarm) return before;
    before.generation = message.generation;
    before.history = message.text;
    before.figures = message.take(handoff::Role::kFigures);
    before.warm = message.take(handoff::Role::kWarm);
    return before;
}

}  // namespace bext::supervisor
