// Notify: what the service manager is told of this process, as sd_notify(3) says. Without a manager nothing is sent.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bext::supervisor {

class Notify {
public:
    /// Learns from the environment whether there is a manager and a watchdog. WATCHDOG_PID is removed, so that the
    /// successor of an upgrade, which inherits the environment, keeps the watchdog content too.
    Notify();

    /// Whether anybody listens.
    bool wanted() const { return wanted_; }

    /// The service serves: the end of the start, and of every reload however it went.
    void ready(std::string_view status) const;
    /// A reload has begun, now; ready() ends it.
    void reloading() const;
    void stopping() const;
    /// One line for `systemctl status`.
    void status(std::string_view text) const;
    /// The process that the service consists of from now on; only the present main process may say so.
    void main_pid(pid_t pid) const;
    /// Starting, reloading or stopping takes up to `ms` milliseconds from now.
    void extend_timeout(std::uint64_t ms) const;

    /// How often keep_alive() is due, in milliseconds: half of what the manager waits. 0: there is no watchdog.
    std::uint64_t watchdog_interval_ms() const { return watchdog_interval_ms_; }
    void keep_alive() const;

    /// Has the manager keep duplicates of `fds` under `name`: a process that is started again gets them in LISTEN_FDS.
    /// The name has no colon and no control character, and at most 255 bytes. What is kept already is kept once.
    Result<> store(const std::string& name, std::span<const int> fds) const;
    /// Has the manager close everything that it keeps under `name`.
    Result<> unstore(const std::string& name) const;

    /// Waits until the manager has read all that was sent; false when that takes longer than `ms` milliseconds.
    bool settle(std::uint64_t ms) const;

private:
    Result<> send(const std::string& state, std::span<const int> fds = {}) const;
    void tell(const std::string& state) const;

    bool wanted_ = false;
    std::uint64_t watchdog_interval_ms_ = 0;
};

}  // namespace bext::supervisor
