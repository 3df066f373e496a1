#include "base/program.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/fd.h"

namespace bext {
namespace {

std::int64_t now_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

struct Pipe {
    Fd reading, writing;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return Error::from_errno("pipe2()");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

Result<pid_t> spawn(const std::vector<std::string>& words, const Pipe& out, const Pipe& err) {
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.writing.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.writing.get(), STDERR_FILENO);
    pid_t pid = -1;
    int code = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) return Error::from_errno("running \"" + words.front() + "\"", code);
    return pid;
}

/// Adds what has come to `text`; at its end the pipe is closed.
void read_some(Fd& from, std::string& text) {
    std::array<char, 8192> bytes;
    auto size = read(from.get(), bytes.data(), bytes.size());
    if (size > 0) {
        text.append(bytes.data(), static_cast<std::size_t>(size));
    } else if (size == 0 || errno != EINTR) {
        from.reset();
    }
}

/// False when the time is over first.
bool read_to_end(Fd& out, Fd& err, Ended& ended, std::int64_t deadline) {
    while (out || err) {
        pollfd ready[] = {{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}};
        auto left = deadline - now_ms();
        if (left <= 0 || poll(ready, 2, static_cast<int>(left)) == 0) return false;
        if (ready[0].revents) read_some(out, ended.out);
        if (ready[1].revents) read_some(err, ended.err);
    }
    return true;
}

std::string first_line(const std::string& text) {
    auto begin = text.find_first_not_of(" \n");
    return begin == std::string::npos ? std::string() : text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

std::string Ended::reason() const {
    auto line = first_line(err);
    if (line.empty()) line = first_line(out);
    return line.empty() ? "status " + std::to_string(status) : line;
}

std::string own_program() {
    char path[PATH_MAX];
    auto size = readlink("/proc/self/exe", path, sizeof path);
    return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : "/usr/bin/bext";
}

Result<Ended> run_program(const std::vector<std::string>& words, int timeout_ms) {
    auto out = make_pipe(), err = make_pipe();
    if (!out || !err) return out ? err.error() : out.error();
    auto pid = spawn(words, *out, *err);
    if (!pid) return pid.error();
    out->writing.reset();
    err->writing.reset();
    Ended ended;
    bool in_time = read_to_end(out->reading, err->reading, ended, now_ms() + timeout_ms);
    if (!in_time) kill(*pid, SIGKILL);
    int status = 0;
    while (waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!in_time) return Error{"\"" + words.front() + "\" was not done within " + std::to_string(timeout_ms / 1000) + " s"};
    ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ended;
}

Result<Ended> run_good(const std::vector<std::string>& words, int timeout_ms) {
    auto ended = run_program(words, timeout_ms);
    if (!ended || ended->status == 0) return ended;
    return Error{"\"" + words.front() + "\" failed: " + ended->reason()};
}

}  // namespace bext
