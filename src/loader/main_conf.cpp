#include "loader/main_conf.h"

#include <algorithm>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "http/builder.h"
#include "loader/builtin.h"
#include "loader/dynamic_modules.h"
#include "net/syslog.h"

namespace bext::loader {
namespace {

using conf::Cursor;
using conf::Status;

Status user(Cursor& at, MainConf& main) {
    if (main.user.is_set()) return conf::directive_is("is duplicate");
    if (::geteuid() != 0) {
        at.warn("the \"user\" directive makes sense only if the master process runs with super-user privileges, ignored");
        main.user.set("");
        return conf::ok();
    }
    if (!::getpwnam(at.arg(1).c_str())) return conf::refuse(cat({"getpwnam(\"", at.arg(1), "\") failed"}));
    auto group = at.count() == 2 ? at.arg(1) : at.arg(2);
    if (!::getgrnam(group.c_str())) return conf::refuse(cat({"getgrnam(\"", group, "\") failed"}));
    main.user.set(at.arg(1));
    main.group.set(group);
    return conf::ok();
}

Status worker_processes(Cursor& at, MainConf& main) {
    if (main.worker_processes.is_set()) return conf::directive_is("is duplicate");
    if (at.arg(1) == "auto") {
        main.worker_processes.set(std::max(1l, ::sysconf(_SC_NPROCESSORS_ONLN)));
        return conf::ok();
    }
    auto value = parse_decimal(at.arg(1), 4096);
    if (!value) return conf::directive_is("invalid value");
    main.worker_processes.set(static_cast<std::int64_t>(*value ? *value : 1));
    return conf::ok();
}

Status worker_connections(Cursor& at, MainConf& main) {
    if (main.worker_connections.is_set()) return conf::directive_is("is duplicate");
    auto value = parse_decimal(at.arg(1));
    if (!value) return conf::refuse(cat({"invalid number \"", at.arg(1), "\""}));
    main.worker_connections.set(static_cast<std::int64_t>(*value));
    return conf::ok();
}

Status rlimit_core(Cursor& at, MainConf& main) {
    if (main.rlimit_core.is_set()) return conf::directive_is("is duplicate");
    auto value = conf::parse_file_size(at.arg(1));
    if (!value) return conf::directive_is("invalid value");
    main.rlimit_core.set(*value);
    return conf::ok();
}

Status priority(Cursor& at, MainConf& main) {
    if (main.priority.is_set()) return conf::directive_is("is duplicate");
    std::string_view text = at.arg(1);
    bool minus = text.starts_with("-");
    if (minus || text.starts_with("+")) text.remove_prefix(1);
    auto value = parse_decimal(text, INT32_MAX);
    if (!value) return conf::directive_is("invalid number");
    main.priority.set(minus ? -static_cast<int>(*value) : static_cast<int>(*value));
    return conf::ok();
}

Status error_log(Cursor& at, MainConf& main) {
    if (!main.error_log.is_set()) main.error_log.set(std::make_shared<Log>());
    auto& builder = at.owner<http::Builder>();
    if (auto bad = builder.error_log(at, **main.error_log)) return bad;
    auto level = Level::kError;
    if (at.count() > 2)
        for (int i = 1; i <= static_cast<int>(Level::kDebug); ++i)
            if (at.arg(2) == level_name(static_cast<Level>(i))) level = static_cast<Level>(i);
    std::string_view target = at.arg(1);
    if (target.starts_with("syslog:")) main.destinations.push_back({"", level, *net::parse_syslog(target.substr(7), builder.names)});
    else main.destinations.push_back({target == "stderr" || target.empty() ? "" : at.full_path(target), level, {}});
    return conf::ok();
}

Status pid(Cursor& at, MainConf& main) {
    if (main.pid.is_set()) return conf::directive_is("is duplicate");
    main.pid.set(at.arg(1).empty() ? std::string() : at.full_path(at.arg(1)));  // empty: the default
    return conf::ok();
}

Status environment(Cursor& at, MainConf& main) {
    main.environment.edit().push_back(at.arg(1));
    return conf::ok();
}

Status events(Cursor& at, MainConf& main) {
    if (main.events_seen.is_set()) return conf::directive_is("is duplicate");
    main.events_seen.set(true);
    return at.read_block(at.block(), conf::kEvents);
}

Status use(Cursor& at, MainConf& main) {
    if (main.event_method.is_set()) return conf::directive_is("is duplicate");
    main.event_method.set(at.arg(1));
    if (at.arg(1) == "epoll" || at.arg(1) == "poll") return conf::ok();
    return conf::refuse(cat({"invalid event type \"", at.arg(1), "\""}));
}

/// Masks like 0101; threads are left to the scheduler, but a wrong mask is still an error.
Status cpu_affinity(Cursor& at) {
    for (std::size_t i = 1; i < at.count(); ++i) {
        if (i == 1 && at.arg(i) == "auto") continue;
        auto& mask = at.arg(i);
        for (auto c = mask.rbegin(); c != mask.rend(); ++c)  // nginx reads masks from their end
            if (*c != '0' && *c != '1') return conf::refuse(cat({"invalid character \"", {&*c, 1}, "\" in \"worker_cpu_affinity\""}));
    }
    return conf::ok();
}

/// Packages of modules bring such lines, used or not: it is their directives that are refused (refusal_of). A file that is not there is
/// nginx's error all the same, since nginx would not start either.
Status load_module(Cursor& at, MainConf& main) {
    if (main.events_seen.is_set() || at.owner<http::Builder>().http_seen) return conf::directive_is("is specified too late");
    std::string name(module_name(at.arg(1)));
    if (built_in_module(name)) return conf::ok();
    auto path = at.full_path(at.arg(1));
    auto found = at.files().glob(path);
    bool directory = path.ends_with('/');
    if (!found || found->empty() || directory)
        return conf::refuse(cat({"dlopen() \"", path, "\" failed (", path,
                                 directory ? ": cannot read file data: Is a directory)" : ": cannot open shared object file: No such file or directory)"}));
    auto& loaded = main.absent_modules;
    if (std::find(loaded.begin(), loaded.end(), name) != loaded.end()) return conf::refuse(cat({"module \"", name, "\" is already loaded"}));
    loaded.push_back(std::move(name));
    return conf::ok();
}

Status thread_pool(Cursor& at, MainConf& main) {
    auto& pools = main.thread_pools;
    if (std::find(pools.begin(), pools.end(), at.arg(1)) != pools.end()) return conf::refuse(cat({"duplicate thread pool \"", at.arg(1), "\""}));
    bool threads = at.arg(1) == "default";
    for (std::size_t i = 2; i < at.count(); ++i) {
        std::string_view word = at.arg(i);
        bool queue = word.starts_with("max_queue=");
        if (!queue && !word.starts_with("threads=")) continue;
        auto value = parse_decimal(word.substr(word.find('=') + 1));
        if (!value || (!queue && *value == 0)) return conf::refuse(cat({"invalid ", queue ? "max_queue" : "threads", " value \"", word, "\""}));
        threads = threads || !queue;
    }
    if (!threads) return conf::refuse(cat({"\"", at.arg(0), "\" must have \"threads\" parameter"}));
    pools.push_back(at.arg(1));
    return conf::ok();
}

Status debug_points(Cursor& at) {
    if (iequals(at.arg(1), "stop") || iequals(at.arg(1), "abort")) return conf::ok();
    return conf::refuse(cat({"invalid value \"", at.arg(1), "\""}));
}

/// As nginx without --with-debug, which Debian's is.
Status debug_connection(Cursor& at) {
    at.warn("\"debug_connection\" is ignored, you need to rebuild nginx using --with-debug option to enable it");
    return conf::ok();
}

constexpr auto kEverywhere = ~0u;

constexpr conf::Directive kDirectives[] = {
    {"include", kEverywhere, conf::kOne, conf::run<conf::include_directive>},
    {"daemon", conf::kMain, conf::kFlag, conf::into<&MainConf::daemon>},
    {"master_process", conf::kMain, conf::kFlag, conf::into<&MainConf::master_process>},
    {"user", conf::kMain, conf::kOne | conf::kTwo, conf::call<user>},
    {"worker_processes", conf::kMain, conf::kOne, conf::call<worker_processes>},
    {"worker_rlimit_nofile", conf::kMain, conf::kOne, conf::into<&MainConf::rlimit_nofile>},
    {"worker_rlimit_core", conf::kMain, conf::kOne, conf::call<rlimit_core>},
    {"worker_priority", conf::kMain, conf::kOne, conf::call<priority>},
    {"worker_shutdown_timeout", conf::kMain, conf::kOne, conf::into<&MainConf::shutdown_timeout>},
    {"worker_cpu_affinity", conf::kMain, conf::kOneOrMore, conf::run_once<cpu_affinity>},
    {"working_directory", conf::kMain, conf::kOne, conf::into<&MainConf::working_directory>},
    {"pid", conf::kMain, conf::kOne, conf::call<pid>},
    {"lock_file", conf::kMain, conf::kOne, conf::checked<std::string>},
    {"error_log", conf::kMain, conf::kOneOrMore, conf::call<error_log>},
    {"env", conf::kMain, conf::kOne, conf::call<environment>},
    {"timer_resolution", conf::kMain, conf::kOne, conf::checked<conf::Millis>},
    {"debug_points", conf::kMain, conf::kOne, conf::run_once<debug_points>},
    {"pcre_jit", conf::kMain, conf::kFlag, conf::checked<bool>},
    {"load_module", conf::kMain, conf::kOne, conf::call<load_module>},
    {"thread_pool", conf::kMain, conf::kTwo | conf::kThree, conf::call<thread_pool>},
    {"ssl_object_cache_inheritable", conf::kMain, conf::kFlag, conf::checked<bool>},
    {"events", conf::kMain, conf::kNone | conf::kBlock, conf::call<events>},
    {"worker_connections", conf::kEvents, conf::kOne, conf::call<worker_connections>},
    {"use", conf::kEvents, conf::kOne, conf::call<use>},
    {"multi_accept", conf::kEvents, conf::kFlag, conf::into<&MainConf::multi_accept>},
    {"accept_mutex", conf::kEvents, conf::kFlag, conf::checked<bool>},
    {"accept_mutex_delay", conf::kEvents, conf::kOne, conf::checked<conf::Millis>},
    {"worker_aio_requests", conf::kEvents, conf::kOne, conf::checked<std::int64_t>},
    {"debug_connection", conf::kEvents, conf::kOne, conf::run<debug_connection>},
};

constexpr const conf::Record* kRecords[] = {&conf::record<MainConf>, &conf::record<conf::Seen>};

}  // namespace

void add_main(conf::Registry& registry) { registry.add(kRecords, kDirectives); }

}  // namespace bext::loader
