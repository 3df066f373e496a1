#include "cli/signal_process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fd.h"
#include "base/text.h"
#include "supervisor/control.h"

namespace bext::cli {
namespace {

constexpr std::size_t kLongestPid = 21;
constexpr std::uint64_t kHighestPid = INT32_MAX;
constexpr int kReloadTime = 150'000;  // ms

int signal_of(std::string_view name) {
    if (name == "stop") return SIGTERM;
    if (name == "quit") return SIGQUIT;
    if (name == "reopen") return SIGUSR1;
    return SIGHUP;
}

Result<std::string> read_start(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return Error::from_errno("open() \"" + path + "\"");
    char text[kLongestPid];
    auto size = pread(fd.get(), text, sizeof text, 0);
    if (size < 0) return Error::from_errno("pread() \"" + path + "\"");
    return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace

std::string signal_pid_path(std::string_view configured) {
    const char* other = getenv("BEXT_PID_FILE");
    return other && *other ? std::string(other) : std::string(configured);
}

Result<pid_t> read_pid_file(const std::string& pid_path) {
    auto text = read_start(pid_path);
    if (!text) return text.error();
    while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
    auto pid = parse_decimal(*text, kHighestPid);
    // 0 would mean the caller's own process group.
    if (!pid || *pid == 0) return Error{"invalid PID number \"" + *text + "\" in \"" + pid_path + "\""};
    return static_cast<pid_t>(*pid);
}

Result<> signal_process(std::string_view name, const std::string& pid_path) {
    auto pid = read_pid_file(pid_path);
    if (!pid) return pid.error();
    // bext itself can be asked, and tells the outcome; another server only hears the signal.
    if (name == "reload")
        if (auto answer = supervisor::ask(*pid, "reload", kReloadTime)) {
            if (*answer) return {};
            return answer->error();
        }
    int signal = signal_of(name);
    if (kill(*pid, signal) == 0) return {};
    return Error::from_errno("kill(" + std::to_string(*pid) + ", " + std::to_string(signal) + ")");
}

}  // namespace bext::cli
