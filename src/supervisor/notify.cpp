#include "supervisor/notify.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "supervisor/report.h"

namespace bext::supervisor {
namespace {

constexpr std::size_t kFdsAtOnce = 128;  // the kernel passes 253 with one message
constexpr std::size_t kLongestName = 255;

bool is_fd_name(const std::string& name) {
    bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) { return c >= ' ' && c < 127 && c != ':'; });
    return plain && !name.empty() && name.size() <= kLongestName;
}

std::uint64_t monotonic_us() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

Notify::Notify() {
    const char* socket = getenv("NOTIFY_SOCKET");
    wanted_ = socket && *socket;
    std::uint64_t limit_us = 0;
    if (sd_watchdog_enabled(0, &limit_us) > 0) watchdog_interval_ms_ = std::max<std::uint64_t>(limit_us / 2000, 1);
    unsetenv("WATCHDOG_PID");
}

void Notify::ready(std::string_view status) const { tell("READY=1\nSTATUS=" + one_line(status)); }

// Type=notify-reload wants the time; Type=notify ignores it.
void Notify::reloading() const { tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_us())); }

void Notify::stopping() const { tell("STOPPING=1"); }

void Notify::status(std::string_view text) const { tell("STATUS=" + one_line(text)); }

void Notify::main_pid(pid_t pid) const { tell("MAINPID=" + std::to_string(pid)); }

void Notify::extend_timeout(std::uint64_t ms) const { tell("EXTEND_TIMEOUT_USEC=" + std::to_string(ms * 1000)); }

void Notify::keep_alive() const {
    if (watchdog_interval_ms_) tell("WATCHDOG=1");
}

Result<> Notify::store(const std::string& name, std::span<const int> fds) const {
    if (!is_fd_name(name)) return Error{"\"" + one_line(name) + "\" cannot name kept descriptors"};
    // FDPOLL=0: a listening socket that shows an error is kept all the same.
    for (std::size_t at = 0; at < fds.size(); at += kFdsAtOnce) {
        auto some = fds.subspan(at, std::min(kFdsAtOnce, fds.size() - at));
        if (auto sent = send("FDSTORE=1\nFDPOLL=0\nFDNAME=" + name, some); !sent) return sent;
    }
    return {};
}

Result<> Notify::unstore(const std::string& name) const {
    if (!is_fd_name(name)) return Error{"\"" + one_line(name) + "\" cannot name kept descriptors"};
    return send("FDSTOREREMOVE=1\nFDNAME=" + name);
}

bool Notify::settle(std::uint64_t ms) const { return !wanted_ || sd_notify_barrier(0, ms * 1000) > 0; }

Result<> Notify::send(const std::string& state, std::span<const int> fds) const {
    if (!wanted_) return {};
    int sent = sd_pid_notify_with_fds(0, 0, state.c_str(), fds.data(), static_cast<unsigned>(fds.size()));
    if (sent < 0) return Error::from_errno("sending \"" + one_line(state) + "\" to the service manager", -sent);
    return {};
}

void Notify::tell(const std::string& state) const {
    if (auto sent = send(state); !sent) report(Level::kWarn, sent.error().text);
}

}  // namespace bext::supervisor
