#include "cli/commands.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <vector>

#include "base/text.h"
#include "cli/replace_file.h"
#include "cli/signal_process.h"
#include "supervisor/control.h"
#include "supervisor/upgrade.h"

namespace bext::cli {
namespace {

constexpr std::array kPidFiles = {"/run/bext.pid", "/run/nginx.pid", "/tmp/bext.pid"};
constexpr int kPatience = 10'000;   // ms, for an answer that needs no work
constexpr int kLongest = 150'000;   // ms, for a reload or an upgrade; the supervisor's own deadlines are shorter
constexpr int kCheckTime = 60'000;  // ms, for a binary to test a configuration

Error no_server(const std::string& where) {
    return Error{"no running bext-server" + where + "; start one, or name its pid file with --pid-file"};
}

/// Whether it belongs to another user, who alone may ask it, and root.
bool is_anothers(pid_t pid) {
    struct stat found {};
    return geteuid() != 0 && stat(("/proc/" + std::to_string(pid)).c_str(), &found) == 0 && found.st_uid != geteuid();
}

Error no_server_to_ask(pid_t pid) {
    auto process = "process " + std::to_string(pid);
    return Error{process + (is_anothers(pid) ? " belongs to another user: it needs root; run it with sudo" : " is no bext-server that can be asked from here")};
}

Result<std::string> asked(pid_t pid, std::string_view request, int timeout_ms) {
    auto answer = supervisor::ask(pid, request, timeout_ms);
    if (!answer) return no_server_to_ask(pid);
    return *std::move(answer);
}

/// The program that a process of root's or of this user's executes.
std::string program_of(pid_t pid) {
    auto place = "/proc/" + std::to_string(pid);
    struct stat found {};
    std::array<char, PATH_MAX> path;
    if (stat(place.c_str(), &found) != 0 || (found.st_uid != 0 && found.st_uid != geteuid())) return {};
    auto size = readlink((place + "/exe").c_str(), path.data(), path.size());
    return {path.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

bool has_nginxs_name(pid_t pid) {
    std::ifstream name("/proc/" + std::to_string(pid) + "/comm");
    std::string word;
    return name >> word && word == "nginx";
}

/// Where a server can write nothing it has no socket to be asked on. By its program it is one all the same.
bool hears_signals_only(pid_t pid) {
    auto program = program_of(pid);
    auto name = std::string_view(program).substr(program.rfind('/') + 1);
    return name == "bext-server" || name == "bext-server (deleted)" || name == "bext-server.prev";
}

/// The answer; from a server that cannot be asked, that it has been sent `signal` instead.
Result<std::string> asked_or_signalled(pid_t pid, std::string_view request, int signal) {
    if (auto answer = supervisor::ask(pid, request, kLongest)) return *std::move(answer);
    if (!hears_signals_only(pid)) return no_server_to_ask(pid);
    if (kill(pid, signal) != 0) return Error::from_errno("kill(" + std::to_string(pid) + ", " + std::to_string(signal) + ")");
    return "process " + std::to_string(pid) + " cannot be asked, and was sent the signal: its error log tells what came of it\n";
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        auto end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// Runs `words` of `binary`; an error has what it printed.
Result<> test_run(const std::string& binary, const std::vector<std::string>& words, int time) {
    pid_t pid = -1;
    auto output = supervisor::spawn_check(binary, words, pid);
    if (!output) return output.error();
    std::string said;
    char bytes[4096];
    for (pollfd ready{output->get(), POLLIN, 0}; poll(&ready, 1, time) > 0;) {
        auto size = read(output->get(), bytes, sizeof bytes);
        if (size <= 0) break;
        said.append(bytes, static_cast<std::size_t>(size));
    }
    int status = 0;
    if (waitpid(pid, &status, WNOHANG) != pid) {
        kill(pid, said.empty() ? SIGKILL : SIGTERM);
        waitpid(pid, &status, 0);
    }
    while (said.ends_with('\n')) said.pop_back();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return Error{"\"" + binary + "\" refuses" + (said.empty() ? "" : ": " + said)};
}

}  // namespace

Result<pid_t> find_server(const std::string& pid_file) {
    const char* other = getenv("BEXT_PID_FILE");
    auto named = !pid_file.empty() ? pid_file : other ? std::string(other) : std::string();
    if (!named.empty()) {
        // A file that was left behind names whoever has the number now: what is no server of ours is sent no signal.
        auto pid = read_pid_file(named);
        if (pid && !is_anothers(*pid) && !hears_signals_only(*pid) && !supervisor::ask(*pid, "words", kPatience)) return no_server_to_ask(*pid);
        return pid;
    }
    std::optional<pid_t> anothers;
    for (auto* path : kPidFiles) {
        auto pid = read_pid_file(path);
        if (pid && !anothers && is_anothers(*pid)) anothers = *pid;
        if (pid && (supervisor::ask(*pid, "words", kPatience) || hears_signals_only(*pid))) return *pid;
    }
    if (anothers) return no_server_to_ask(*anothers);
    return no_server(" found by /run/bext.pid, /run/nginx.pid or /tmp/bext.pid");
}

Result<std::string> reload_server(pid_t pid) { return asked_or_signalled(pid, "reload", SIGHUP); }

Result<> stop_server(pid_t pid) {
    Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process) return Error::from_errno("pidfd_open() of process " + std::to_string(pid));
    if (is_anothers(pid)) return no_server_to_ask(pid);
    if (syscall(SYS_pidfd_send_signal, process.get(), SIGQUIT, nullptr, 0) != 0)
        return Error::from_errno("sending SIGQUIT to process " + std::to_string(pid));
    pollfd ended{process.get(), POLLIN, 0};
    while (poll(&ended, 1, -1) < 0 && errno == EINTR) {
    }
    return {};
}

Result<std::string> server_status(pid_t pid) { return asked(pid, "status", kPatience); }

Result<std::string> upgrade_server(pid_t pid, const std::string& binary) {
    // In nginx's name SIGUSR2 means nginx's protocol, in which somebody has to end the process before.
    if (binary.empty()) return has_nginxs_name(pid) ? asked(pid, "upgrade", kLongest) : asked_or_signalled(pid, "upgrade", SIGUSR2);
    auto words = asked(pid, "words", kPatience);
    if (!words) return words.error();
    auto lines = lines_of(*words);
    if (lines.size() < 2) return Error{"process " + std::to_string(pid) + " does not say how it was started"};
    auto place = lines.front();
    lines.erase(lines.begin());
    if (auto good = test_run(binary, {binary, "--version"}, kPatience); !good) return good.error();
    if (auto good = test_run(binary, lines, kCheckTime); !good) return good.error();
    auto replaced = ReplacedFile::put(binary, place);
    if (!replaced) return replaced.error();
    auto done = asked(pid, "upgrade", kLongest);
    if (!done)
        if (auto back = replaced->undo(); !back) return Error{done.error().text + "; and then: " + back.error().text};
    return done;
}

}  // namespace bext::cli
