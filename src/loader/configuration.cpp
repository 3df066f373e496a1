#include "loader/configuration.h"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "conf/reader.h"
#include "http/tls_files.h"
#include "loader/builtin.h"
#include "loader/dynamic_modules.h"

namespace bext::loader {
namespace {

constexpr std::string_view kConf = "/etc/nginx/nginx.conf";
constexpr std::string_view kPrefix = "/usr/share/nginx/";

std::string slashed(std::string path) {
    if (path.empty() || path.back() != '/') path += '/';
    return path;
}

conf::Paths paths_of(const Source& source) {
    conf::Paths paths;
    paths.prefix = source.prefix.empty() ? std::string(kPrefix) : slashed(source.prefix);
    paths.conf_file = conf_file_of(source);
    paths.conf_prefix = paths.conf_file.substr(0, paths.conf_file.rfind('/') + 1);
    return paths;
}

handoff::Listen plan_listen(const http::Listen& from, std::uint32_t threads) {
    auto& o = from.options;
    handoff::Listen to;
    to.address.assign(reinterpret_cast<const char*>(from.address.raw()), from.address.size());
    to.text = from.address.text();
    to.backlog = o.backlog;
    to.rcvbuf = o.receive_buffer;
    to.sndbuf = o.send_buffer;
    to.fastopen = o.fastopen;
    to.ipv6only = o.ipv6only;
    to.deferred = o.deferred;
    to.reuseport = o.reuseport ? threads : 0;
    to.keepalive = static_cast<int>(o.keepalive);
    to.keepalive_idle = o.keepalive_idle;
    to.keepalive_interval = o.keepalive_interval;
    to.keepalive_count = o.keepalive_count;
    return to;
}

void plan_user(const MainConf& main, handoff::Plan& plan) {
    if (::geteuid() != 0) return;
    std::string name = main.user->empty() ? "nobody" : *main.user;
    auto* user = ::getpwnam(name.c_str());
    if (!user) return;
    plan.user = name;
    plan.uid = user->pw_uid;
    plan.gid = user->pw_gid;
    if (auto* group = main.group->empty() ? nullptr : ::getgrnam(main.group->c_str())) plan.gid = group->gr_gid;
    int count = 64;
    std::vector<gid_t> groups(64);
    if (::getgrouplist(name.c_str(), static_cast<gid_t>(plan.gid), groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        ::getgrouplist(name.c_str(), static_cast<gid_t>(plan.gid), groups.data(), &count);
    }
    plan.groups.assign(groups.begin(), groups.begin() + count);
}

handoff::Plan plan_of(const http::Site& site, const MainConf& main, const Source& source) {
    handoff::Plan plan;
    plan.worker_threads = static_cast<std::uint32_t>(*main.worker_processes);
    for (auto& listen : site.listens)
        if (listen->bound) plan.listens.push_back(plan_listen(*listen, plan.worker_threads));
    for (auto& file : site.log_files) plan.log_files.push_back(file->path());
    for (auto& to : main.destinations) plan.error_logs.push_back({to.path, static_cast<std::uint8_t>(to.level), to.syslog});
    if (main.destinations.empty() && !main.error_log.is_set()) {
        auto path = default_error_log(source);
        plan.error_logs.push_back({path == "stderr" ? "" : path, static_cast<std::uint8_t>(Level::kError), {}});
    }
    plan.directories = site.temp_directories;
    plan.environment = *main.environment;
    plan_user(main, plan);
    plan.rlimit_nofile = *main.rlimit_nofile;
    plan.rlimit_core = *main.rlimit_core;
    plan.priority = *main.priority;
    plan.working_directory = *main.working_directory;
    plan.pid_path = !source.pid_path.empty() ? source.pid_path : main.pid->empty() ? default_pid_path(source) : *main.pid;
    plan.privileged = source.privileged.value_or(::geteuid() == 0);
    if (auto files = site.shared.find(http::kTlsFiles); files != site.shared.end()) {
        auto& paths = *static_cast<http::TlsFiles*>(files->second.get());
        plan.certificates.assign(paths.begin(), paths.end());
    }
    plan.compatible = source.compatible.text();
    plan.compatible_from = source.compatible_from;
    plan.daemon = *main.daemon;
    plan.master_process = *main.master_process;
    plan.shutdown_timeout_ms = source.drain_timeout_ms;
    if (main.shutdown_timeout->count()) plan.shutdown_timeout_ms = static_cast<std::uint32_t>(main.shutdown_timeout->count());
    return plan;
}

conf::Registry& registry() {
    static conf::Registry* all = [] {
        auto* r = new conf::Registry;
        add_main(*r);
        for (auto* module : http::modules()) r->add(module->records, module->directives);
        return r;
    }();
    return *all;
}

/// nginx's warning that a worker may not open as many files as it may have connections.
std::optional<std::string> too_few_files(const MainConf& main) {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return std::nullopt;
    auto connections = *main.worker_connections;
    bool raised = main.rlimit_nofile.is_set() && *main.rlimit_nofile >= connections;
    if (static_cast<rlim_t>(connections) <= files.rlim_cur || raised) return std::nullopt;
    auto limit = main.rlimit_nofile.is_set() ? std::to_string(*main.rlimit_nofile) : std::to_string(files.rlim_cur);
    return cat({"[warn] ", std::to_string(connections), " worker_connections exceed open file resource limit: ", limit});
}

MainConf& main_conf(conf::Block& main) { return *static_cast<MainConf*>(main.own(conf::record<MainConf>)); }

/// One line for all modules that load_module names and bext does not have; nothing of them is used, or it would have been refused.
std::optional<std::string> modules_left_out(const MainConf& main) {
    if (main.absent_modules.empty()) return std::nullopt;
    std::string names;
    for (auto& name : main.absent_modules) names += (names.empty() ? "" : ", ") + name;
    return "[warn] bext loads no modules; it does without " + names + ", of which no directive is used";
}

void set_defaults(http::Builder& builder, const Source& source) {
    builder.defaults.privileged = source.privileged.value_or(::geteuid() == 0);
    if (source.prefix.empty()) return;
    builder.defaults.access_log = slashed(source.prefix) + "logs/access.log";
    builder.defaults.temp = slashed(source.prefix);
    builder.defaults.debian = false;
}

}  // namespace

bool has_directive(std::string_view name) { return !registry().find(name).empty(); }

std::string conf_file_of(const Source& source) {
    if (source.conf_file.empty()) return source.prefix.empty() ? std::string(kConf) : slashed(source.prefix) + "conf/nginx.conf";
    return conf::absolute_path(source.prefix.empty() ? std::string(kPrefix) : slashed(source.prefix), source.conf_file);
}

std::string default_pid_path(const Source& source) {
    return source.prefix.empty() ? "/run/nginx.pid" : slashed(source.prefix) + "logs/nginx.pid";
}

std::string default_error_log(const Source& source) {
    if (!source.error_log.empty() && source.error_log != "stderr")
        return conf::absolute_path(source.prefix.empty() ? std::string(kPrefix) : slashed(source.prefix), source.error_log);
    if (source.error_log.empty() && !source.prefix.empty()) return slashed(source.prefix) + "logs/error.log";
    return "stderr";
}

Result<Configuration> read_configuration(const Source& source, conf::Files& files, net::Names& names,
                                         const std::function<void(std::string)>& log,
                                         const std::function<void()>& parsed) {
    auto site = std::make_shared<http::Site>();
    http::Builder builder(site, names);
    site->nginx = source.compatible;
    set_defaults(builder, source);
    auto& main = *site->arena.make<conf::Block>(site->arena, registry(), nullptr);
    auto refusal = [&](std::string_view name) { return refusal_of(name, main_conf(main).absent_modules); };
    conf::Reader reader(registry(), files, paths_of(source), {refusal, log}, &builder);
    builder.used = [&](const conf::Record& record) { return reader.used(record); };
    if (!source.directives.empty())
        if (auto done = reader.read_command_line(source.directives, main); !done) return done.error();
    if (auto done = reader.read_file(main); !done) return done.error();
    auto& own = main_conf(main);
    if (auto text = modules_left_out(own)) log(*text);
    if (!own.error_log.is_set()) {
        auto path = default_error_log(source);
        auto standard = std::make_shared<Log>();
        standard->add(Level::kError, path == "stderr" ? log_to_stderr() : log_to_file(builder.log_file(path)));
        site->error_log = standard;
    } else {
        site->error_log = *own.error_log;
    }
    if (parsed) parsed();
    if (!own.events_seen.is_set()) return Error{"no \"events\" section in configuration"};
    for (auto& late : builder.late_checks)
        if (auto bad = late()) return Error{*bad};
    Configuration out;
    out.plan = plan_of(*site, own, source);
    if (static_cast<std::size_t>(*own.worker_connections) < out.plan.listens.size() + 1)
        return Error{std::to_string(*own.worker_connections) + " worker_connections are not enough for " +
                     std::to_string(out.plan.listens.size()) + " listening sockets"};
    if (site->error_log->wants(Level::kWarn))
        if (auto text = too_few_files(own)) log(*text);
    out.worker_connections = *own.worker_connections;
    out.multi_accept = *own.multi_accept;
    out.dumped = reader.dumped();
    out.absent_modules = own.absent_modules;
    site->close_after_reload_ms = static_cast<std::uint32_t>(own.shutdown_timeout->count());
    out.site = std::move(site);
    return out;
}

}  // namespace bext::loader
