// Syslog: "server=…,facility=…,severity=…,tag=…,nohostname" of error_log and access_log (RFC 3164 over UDP or unix sockets).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace bext::net {

/// A sender of syslog messages; sending never blocks and never fails loudly.
class Syslog {
public:
    /// `options` is what follows "syslog:". The error has nginx's text.
    Syslog();
    static Result<std::shared_ptr<Syslog>> create(std::string_view options);
    ~Syslog();
    /// `severity` is a syslog number; -1: the one configured (info by default).
    void send(int severity, std::string_view text);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// An error_log destination.
Result<std::shared_ptr<LogTarget>> syslog_target(std::string_view options);

}  // namespace bext::net
