#include "handoff/plan.h"

#include "base/wire.h"

namespace bext::handoff {
namespace {

/// The same list of fields writes and reads, so the two cannot differ.
struct Put {
    WireWriter& wire;
    template <class T>
    void operator()(const T& value) {
        if constexpr (std::is_integral_v<T>)
            wire.number(value);
        else if constexpr (std::is_same_v<T, std::string>)
            wire.text(value);
        else
            wire.list(value, *this);
    }
    void operator()(const Listen& listen);
    void operator()(const ErrorLog& log);
};

struct Get {
    WireReader& wire;
    void operator()(bool& value) { value = wire.number<std::uint8_t>() != 0; }
    void operator()(std::string& value) { wire.text(value); }
    template <class T>
    void operator()(std::vector<T>& items) {
        wire.list([&] { (*this)(items.emplace_back()); });
    }
    template <class T>
        requires std::is_integral_v<T>
    void operator()(T& value) {
        wire.number(value);
    }
    void operator()(Listen& listen);
    void operator()(ErrorLog& log);
};

template <class Listen, class Do>
void each_field_of_listen(Listen& listen, Do field) {
    field(listen.address);
    field(listen.text);
    field(listen.type);
    field(listen.backlog);
    field(listen.rcvbuf);
    field(listen.sndbuf);
    field(listen.fastopen);
    field(listen.ipv6only);
    field(listen.deferred);
    field(listen.reuseport);
    field(listen.keepalive);
    field(listen.keepalive_idle);
    field(listen.keepalive_interval);
    field(listen.keepalive_count);
}

template <class Plan, class Do>
void each_field_of_plan(Plan& plan, Do field) {
    field(plan.listens);
    field(plan.log_files);
    field(plan.error_logs);
    field(plan.directories);
    field(plan.environment);
    field(plan.user);
    field(plan.uid);
    field(plan.gid);
    field(plan.groups);
    field(plan.worker_threads);
    field(plan.rlimit_nofile);
    field(plan.rlimit_core);
    field(plan.priority);
    field(plan.working_directory);
    field(plan.privileged);
    field(plan.certificates);
    field(plan.compatible);
    field(plan.compatible_from);
    field(plan.pid_path);
    field(plan.daemon);
    field(plan.master_process);
    field(plan.shutdown_timeout_ms);
}

template <class ErrorLog, class Do>
void each_field_of_error_log(ErrorLog& log, Do field) {
    field(log.path);
    field(log.level);
    field(log.syslog.address);
    field(log.syslog.facility);
    field(log.syslog.severity);
    field(log.syslog.host);
    field(log.syslog.tag);
}

void Put::operator()(const Listen& listen) { each_field_of_listen(listen, *this); }
void Put::operator()(const ErrorLog& log) { each_field_of_error_log(log, *this); }

void Get::operator()(Listen& listen) { each_field_of_listen(listen, *this); }
void Get::operator()(ErrorLog& log) { each_field_of_error_log(log, *this); }

}  // namespace

bool Plan::same_process(const Plan& other) const {
    return uid == other.uid && gid == other.gid && groups == other.groups && worker_threads == other.worker_threads &&
           rlimit_nofile == other.rlimit_nofile && rlimit_core == other.rlimit_core && priority == other.priority &&
           working_directory == other.working_directory && environment == other.environment;
}

std::string encode(const Plan& plan) {
    WireWriter wire;
    each_field_of_plan(plan, Put{wire});
    return wire.take();
}

Result<Plan> decode_plan(std::string_view bytes) {
    Plan plan;
    WireReader wire(bytes);
    each_field_of_plan(plan, Get{wire});
    if (!wire.at_end()) return Error{"the plan of the configuration is damaged"};
    return plan;
}

}  // namespace bext::handoff
