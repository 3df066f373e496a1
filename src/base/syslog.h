// Syslog: sends log lines as datagrams to a syslog server (RFC 3164 over UDP or unix sockets).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/log.h"

namespace bext {

/// Where messages go and how they begin, in plain values.
struct SyslogPlace {
    std::string address;  // the bytes of the server's sockaddr; "" is no syslog
    int facility = 23;    // local7
    int severity = 6;     // of messages that have none of their own: info
    std::string host;     // "" leaves it out
    std::string tag = "nginx";

    bool operator==(const SyslogPlace&) const = default;
};

/// A sender that any thread may use; sending never blocks and never fails loudly.
class Syslog {
public:
    explicit Syslog(SyslogPlace place) : place_(std::move(place)) {}
    /// `severity` is a syslog number; -1: the place's.
    void send(int severity, std::string_view text);

private:
    bool connect();

    const SyslogPlace place_;
    std::mutex mutex_;  // guards fd_
    Fd fd_;
};

/// From now on no line of this process is sent.
void silence_syslog();

/// An error log's destination: the level is the severity.
std::shared_ptr<LogTarget> log_to_syslog(SyslogPlace place);

}  // namespace bext
