// Plan: what the supervisor has to do for a configuration, in plain values, so that it needs to parse none itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/syslog.h"

namespace bext::handoff {

/// One address to listen on. https://nginx.org/en/docs/http/ngx_http_core_module.html#listen
struct Listen {
    std::string address;  // the bytes of the sockaddr
    std::string text;     // "0.0.0.0:80", "[::]:80", "unix:/run/x.sock"
    int type = 1;         // SOCK_STREAM
    int backlog = 511;
    int rcvbuf = -1;
    int sndbuf = -1;
    int fastopen = -1;
    bool ipv6only = true;
    bool deferred = false;
    std::uint32_t reuseport = 0;  // number of SO_REUSEPORT sockets, one for each worker thread; 0: one plain socket
    int keepalive = 0;            // so_keepalive: 0 not set, 1 on, 2 off
    int keepalive_idle = 0;       // seconds; 0 not set
    int keepalive_interval = 0;
    int keepalive_count = 0;

    bool operator==(const Listen&) const = default;
};

/// Where the process's own messages go.
struct ErrorLog {
    std::string path;        // one of Plan::log_files; "" is stderr, or syslog when that has an address
    std::uint8_t level = 4;  // base Level: error
    SyslogPlace syslog{};

    bool operator==(const ErrorLog&) const = default;
};

struct Plan {
    std::vector<Listen> listens;
    std::vector<std::string> log_files;
    std::vector<ErrorLog> error_logs;
    std::vector<std::string> directories;  // to be created with mode 0700 and given to the user
    std::vector<std::string> environment;  // `env`: "NAME" or "NAME=value"

    std::string user;  // name, for messages
    std::int64_t uid = -1;
    std::int64_t gid = -1;
    std::vector<std::uint32_t> groups;

    std::uint32_t worker_threads = 1;
    std::int64_t rlimit_nofile = -1;
    std::int64_t rlimit_core = -1;
    int priority = 0;
    std::string working_directory;

    bool privileged = true;  // root read the configuration; what is read of it again must come to the same
    std::vector<std::string> certificates;  // files whose change is a reason for a reload: certificates, keys, lists of revoked ones
    std::string compatible;       // the nginx whose defaults hold: "1.22.1"
    std::string compatible_from;  // and what says so: "bext.config.toml", "takeover", "masquerade"; "" when nothing does
    std::string pid_path;
    bool daemon = true;
    bool master_process = true;
    std::uint32_t shutdown_timeout_ms = 30'000;

    bool operator==(const Plan&) const = default;

    /// Whether a running worker of `other` can go on under this plan: nothing differs that is fixed at its start.
    bool same_process(const Plan& other) const;
};

std::string encode(const Plan& plan);
Result<Plan> decode_plan(std::string_view bytes);

}  // namespace bext::handoff
