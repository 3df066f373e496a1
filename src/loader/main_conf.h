// The directives outside of http {}: processes, files, events (ngx_core_module, ngx_events_module).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/syslog.h"
#include "conf/into.h"

namespace bext::loader {

struct MainConf {
    conf::Setting<bool> daemon{true};
    conf::Setting<bool> master_process{true};
    conf::Setting<std::string> user, group;
    conf::Setting<std::int64_t> worker_processes{1};
    conf::Setting<std::int64_t> worker_connections{512};
    conf::Setting<std::int64_t> rlimit_nofile{-1};
    conf::Setting<std::int64_t> rlimit_core{-1};
    conf::Setting<int> priority{0};
    conf::Setting<std::string> event_method;
    conf::Setting<std::string> pid;
    conf::Setting<std::string> working_directory;
    conf::Setting<std::shared_ptr<Log>> error_log;
    conf::Setting<std::vector<std::string>> environment;
    conf::Setting<conf::Millis> shutdown_timeout{conf::Millis(0)};
    conf::Setting<bool> multi_accept{false};
    conf::Setting<bool> events_seen{false};
    std::vector<std::string> thread_pools;
    std::vector<std::string> absent_modules;  // of load_module, that bext does not have
    struct Destination {
        std::string path;  // "" is stderr or syslog
        Level level;
        SyslogPlace syslog;
    };
    std::vector<Destination> destinations;  // of error_log, for the supervisor
};

/// Adds the main and events directives, and `include`.
void add_main(conf::Registry& registry);

}  // namespace bext::loader
