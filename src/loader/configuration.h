// Configuration: one reading of nginx.conf: the Site that serves it, and the Plan for the supervisor.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/nginx_version.h"
#include "conf/files.h"
#include "http/builder.h"
#include "http/site.h"
#include "loader/main_conf.h"
#include "handoff/plan.h"
#include "net/names.h"

namespace bext::loader {

/// What the command line says of where things are.
struct Source {
    std::string conf_file;   // -c; empty: the default
    std::string prefix;      // -p; empty: Debian's layout
    std::string error_log;   // -e
    std::string directives;  // -g
    std::string pid_path;    // --pid-file
    std::uint32_t drain_timeout_ms = 30'000;  // without a worker_shutdown_timeout
    NginxVersion compatible = kNewestNginx;   // whose defaults hold
    std::string compatible_from;              // what says so (handoff::Plan)
    std::optional<bool> privileged;           // whether who listens is root; unset: this process is asked
};

struct Configuration {
    std::shared_ptr<http::Site> site;
    handoff::Plan plan;
    std::vector<std::string> dumped;  // the files in the order of reading, for -T
    std::vector<std::string> absent_modules;  // of load_module, that bext does not have
    std::int64_t worker_connections = 512;
    bool multi_accept = false;
};

/// Where the configuration file is.
std::string conf_file_of(const Source& source);
/// Where the pid file is unless the configuration says otherwise.
std::string default_pid_path(const Source& source);
/// Where errors go before and unless the configuration says otherwise; "stderr" for the standard error.
std::string default_error_log(const Source& source);

/// Reads and checks everything, with what `files` and `names` say of the machine. `parsed` is called when the syntax is good, before the checks of the whole. `log` gets warnings ("[warn] … in FILE:LINE"); the error is nginx's "[emerg]" text.
Result<Configuration> read_configuration(const Source& source, conf::Files& files, net::Names& names,
                                         const std::function<void(std::string)>& log,
                                         const std::function<void()>& parsed = {});

}  // namespace bext::loader
