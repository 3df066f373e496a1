#include "cli/server.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/text.h"
#include "cli/compatible.h"
#include "cli/native_config.h"
#include "cli/shim_args.h"
#include "cli/signal_process.h"
#include "cli/version.h"
#include "http/identity.h"
#include "http/module.h"
#include "loader/bundle_files.h"
#include "supervisor/logs.h"
#include "supervisor/report.h"
#include "supervisor/sockets.h"
#include "supervisor/supervisor.h"
#include "tls/accept.h"
#include "worker/worker.h"

namespace bext::cli {
namespace {

void print(std::string_view text) {
    [[maybe_unused]] auto n = ::write(2, text.data(), text.size());
}

/// The level in front of "[level] text", which is taken off; emerg, when there is none.
Level take_level(std::string_view& text) {
    for (int i = 1; i <= static_cast<int>(Level::kDebug); ++i) {
        auto mark = cat({"[", level_name(static_cast<Level>(i)), "] "});
        if (!text.starts_with(mark)) continue;
        text.remove_prefix(mark.size());
        return static_cast<Level>(i);
    }
    return Level::kEmerg;
}

void print_line(std::string_view text) {
    auto rest = text;
    auto level = text.starts_with("[") ? take_level(rest) : Level::kNotice;
    print(cat({journal_prefix(level), "nginx: ", text, "\n"}));
}

/// Until the configuration says where errors go: where the command line or the defaults do, and to the terminal besides
/// (ngx_log_init).
void open_first_log(const loader::Source& source) {
    find_journal();
    auto path = loader::default_error_log(source);
    if (path != "stderr") {
        if (auto fd = supervisor::open_log(path)) {
            auto file = std::make_shared<LogFile>(path);
            file->adopt(fd->release());
            process_log().add(Level::kNotice, log_to_file(std::move(file)));
            return;
        } else {
            print_line("[alert] could not open error log file: " + fd.error().text);
        }
    }
    process_log().add(Level::kNotice, log_to_stderr());
    supervisor::log_is_stderr(true);
}

/// A line of the configuration's reader: "[warn] text in FILE:LINE", or an error without a level.
void say(std::string_view text) {
    auto level = take_level(text);
    supervisor::report(level, text);
}

/// What opening the logs, the pid file and the sockets would meet; -t tells of it as nginx does.
Result<> try_files(const handoff::Plan& plan) {
    for (auto& path : plan.log_files) {
        Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
        if (!fd) return Error::from_errno("open() \"" + path + "\"");
    }
    for (auto& path : plan.directories)
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Error::from_errno("mkdir() \"" + path + "\"");
    Fd pid(::open(plan.pid_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!pid) return Error::from_errno("open() \"" + plan.pid_path + "\"");
    return supervisor::try_listens(plan.listens);
}

void dump_files(const loader::Configuration& configuration, conf::DiskFiles& files) {
    for (auto& path : configuration.dumped) {
        auto text = files.read(path);
        if (!text) continue;
        printf("# configuration file %s:\n%.*s\n", path.c_str(), static_cast<int>(text->size()), text->data());
    }
    fflush(stdout);
}

/// `source`, with the version that holds.
Result<loader::Source> with_compatible(loader::Source source) {
    auto found = find_compatible();
    if (!found) return found.error();
    source.compatible = found->version;
    source.compatible_from = found->from;
    return source;
}

/// Whether a changed certificate is a reason for a reload: where nothing else is said, not in nginx's place, where whoever renews one
/// reloads nginx (docs/service.md).
Result<bool> watches_certificates(bool masquerade) {
    auto config = usable_native_config();
    if (!config) return config.error();
    return config->watch_certificates.value_or(!masquerade);
}

/// The loader role: reads, checks, seals. Warnings and errors go out as nginx writes them.
Result<Fd> load(const loader::Source& given, bool masquerade) {
    conf::DiskFiles files;
    net::SystemNames names;
    auto source = with_compatible(given);
    if (!source) return source.error();
    auto configuration = loader::read_configuration(*source, files, names, say);
    if (!configuration) return configuration.error();
    auto watches = watches_certificates(masquerade);
    if (!watches) return watches.error();
    if (!*watches) configuration->plan.certificates.clear();
    return loader::seal(configuration->plan, files, names);
}

Build build() {
    auto b = this_build();
    b.openssl = tls::built_with();
    b.running_openssl = tls::running_with();
    if (auto compatible = find_compatible()) b.compatible = text_of(*compatible);
    // The modules that nginx's own build has to be asked for.
    for (auto* optional : {"http_ssl", "http_v2", "http_realip", "http_stub_status", "http_gzip_static", "http_addition",
                           "http_auth_request", "http_sub", "http_gunzip", "http_dav", "http_random_index", "http_secure_link",
                           "http_slice", "http_mp4", "http_flv"})
        for (auto* module : http::modules())
            if (module->name == optional && (b.modules.empty() || b.modules.back() != optional)) b.modules.push_back(optional);
    auto has = [](std::string_view name) {
        for (auto* module : http::modules())
            if (module->name == name) return true;
        return false;
    };
    for (std::string name : {"http_charset", "http_gzip", "http_ssi", "http_userid", "http_access", "http_auth_basic", "http_mirror",
                             "http_autoindex", "http_geo", "http_map", "http_split_clients", "http_referer", "http_rewrite", "http_proxy",
                             "http_fastcgi", "http_uwsgi", "http_scgi", "http_grpc", "http_memcached", "http_limit_conn",
                             "http_limit_req", "http_empty_gif", "http_browser", "http_upstream_hash", "http_upstream_ip_hash",
                             "http_upstream_least_conn", "http_upstream_least_time", "http_upstream_random",
                             "http_upstream_keepalive", "http_upstream_zone", "http_upstream_sticky", "http_tunnel"})
        if (!has(name)) b.absent.push_back(name + "_module");
    b.absent.push_back("http-cache");
    return b;
}

loader::Source source_of(const ShimArgs& args) {
    loader::Source source;
    source.conf_file = args.conf.value_or("");
    source.prefix = args.prefix.value_or("");
    source.directives = args.directives.value_or("");
    if (args.error_log) source.error_log = args.error_log->empty() ? "stderr" : *args.error_log;
    return source;
}

int send_signal(const loader::Source& source, const std::string& name) {
    open_first_log(source);
    conf::DiskFiles files;
    net::SystemNames names;
    auto whole = with_compatible(source);
    auto configuration = whole ? loader::read_configuration(*whole, files, names, say) : Result<loader::Configuration>(whole.error());
    if (!configuration) {
        say(configuration.error().text);
        return 1;
    }
    auto done = signal_process(name, signal_pid_path(configuration->plan.pid_path));
    if (done) return 0;
    print_line("[error] " + done.error().text);
    return 1;
}

/// The words with which another binary tests this configuration.
std::vector<std::string> check_words(const ServeOptions& options) {
    std::vector<std::string> words{options.exec_argv.front(), "--as-nginx", "-t", "-q"};
    auto add = [&](const char* flag, const std::string& value) {
        if (!value.empty()) words.insert(words.end(), {flag, value});
    };
    add("-c", options.source.conf_file);
    add("-p", options.source.prefix);
    add("-g", options.source.directives);
    add("-e", options.source.error_log);
    return words;
}

}  // namespace

int check(const loader::Source& source, bool dump, bool quiet) {
    open_first_log(source);
    conf::DiskFiles files;
    net::SystemNames names;
    auto path = loader::conf_file_of(source);
    auto parsed = [&] {
        if (!quiet) print_line("the configuration file " + path + " syntax is ok");
    };
    auto whole = with_compatible(source);
    auto configuration = whole ? loader::read_configuration(*whole, files, names, say, parsed) : Result<loader::Configuration>(whole.error());
    std::string failure = configuration ? "" : configuration.error().text;
    if (configuration)
        if (auto done = try_files(configuration->plan); !done) failure = done.error().text;
    if (!failure.empty()) {
        say(failure);
        print_line("configuration file " + path + " test failed");
        return 1;
    }
    if (!quiet) print_line("configuration file " + path + " test is successful");
    if (dump) dump_files(*configuration, files);
    return 0;
}

int serve(const ServeOptions& options) {
    open_first_log(options.source);
    if (options.masquerade) http::identity() = {"nginx", "1.28.2"};
    supervisor::Options to;
    to.argv = options.argv;
    to.conf_path = loader::conf_file_of(options.source);
    to.prefix = options.source.prefix;
    to.directives = options.source.directives;
    to.error_log = options.source.error_log;
    to.binary = options.binary;
    to.exec_argv = options.exec_argv;
    to.check_argv = check_words(options);
    to.pid_path = options.source.pid_path;
    to.comm = options.masquerade ? "nginx" : "bext-server";
    to.masquerade = options.masquerade;
    to.foreground = options.foreground;
    supervisor::Roles roles;
    roles.load = [&](const supervisor::Options&) { return load(options.source, options.masquerade); };
    roles.worker_main = [&](Fd channel) { return worker::run(options.source, std::move(channel)); };
    return supervisor::run(to, roles);
}

int as_nginx(int argc, char** argv, const ServeOptions& process) {
    auto args = parse_shim_args(argc, argv);
    if (!args) {
        print_line(args.error().text);
        return 1;
    }
    if (args->show_version) {
        print(version_line());
        if (args->show_help) print(help_text());
        if (args->show_configure) print(configure_text(build()));
        if (!args->test) return 0;
    }
    http::identity() = {"nginx", "1.28.2"};
    auto source = source_of(*args);
    if (args->test) return check(source, args->dump, args->quiet);
    if (args->signal) return send_signal(source, *args->signal);
    ServeOptions options = process;
    options.source = source;
    options.argv.assign(argv, argv + argc);
    options.masquerade = true;
    return serve(options);
}

}  // namespace bext::cli
