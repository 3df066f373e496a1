// bext-server: the server. Run as nginx by the shim, as a service by its unit, or by hand.
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <cstring>

#include "base/fd.h"
#include "base/log.h"
#include "cli/command_line.h"
#include "cli/default_site.h"
#include "cli/help.h"
#include "cli/native_config.h"
#include "cli/rehearse.h"
#include "cli/server.h"
#include "deploy/webhook.h"
#include "http2/connection.h"
#include "supervisor/title.h"
#include "tls/accept.h"
#include "tls/connect.h"

// What they mean, and their defaults, is in the manual.
DEFINE_string(config, "", "");
DEFINE_string(nginx_config, "", "");
DECLARE_string(pid_file);
DEFINE_int32(port, 0, "");
DEFINE_string(identity, "", "");
DEFINE_bool(default_site, false, "");

namespace {

std::string own_path() {
    char path[PATH_MAX];
    ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
    return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string();
}

/// `nginx check [-c FILE] [-p PREFIX]`: what nginx's own command line has for it.
int nginx_check(const bext::cli::Invocation& invocation, const bext::cli::ServeOptions& process) {
    std::vector<std::string> words{process.argv.front(), "-t"};
    for (auto& [name, value] : invocation.values) {
        if (value == "false") continue;
        words.push_back("-" + name);
        if (value != "true") words.push_back(value);
    }
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    return bext::cli::as_nginx(static_cast<int>(argv.size()), argv.data(), process);
}

/// The process as it was executed, for the one that takes its place one day.
bext::cli::ServeOptions process_of(int argc, char** argv) {
    bext::cli::ServeOptions options;
    options.argv.assign(argv, argv + argc);
    options.exec_argv = options.argv;
    options.binary = own_path();
    return options;
}

void take_flags(bext::cli::ServeOptions& options, bool masquerade) {
    options.masquerade = masquerade;
    options.source.conf_file = FLAGS_nginx_config;
    options.source.pid_path = FLAGS_pid_file;
    // The pid file that nginx.conf names is nginx's.
    if (FLAGS_pid_file.empty() && !masquerade && !FLAGS_default_site && ::geteuid() == 0) options.source.pid_path = "/run/bext.pid";
    options.foreground = true;
}

/// What --config names, which the environment then says to every process that reads it anew, or the usual file when it is there.
bext::Result<bext::cli::NativeConfig> native_config() {
    if (!FLAGS_config.empty()) ::setenv("BEXT_CONFIG", FLAGS_config.c_str(), 1);
    auto path = bext::cli::native_config_path();
    if (path == bext::cli::kNativeConfigPath && ::access(path.c_str(), F_OK) != 0) return bext::cli::NativeConfig();
    return bext::cli::read_native_config(path);
}

/// `run`: serves what bext's own configuration and the flags say; a flag wins.
int run(bext::cli::ServeOptions options, const bext::cli::NativeConfig& config) {
    if (options.source.conf_file.empty()) options.source.conf_file = config.nginx_config;
    options.source.drain_timeout_ms = config.drain_timeout_ms;
    return bext::cli::serve(options);
}

/// `git-deploy`: takes webhooks, when that is enabled.
int git_deploy(const bext::cli::GitDeploy& config) {
    if (!config.enabled) return 0;
    bext::process_log().add(bext::Level::kNotice, bext::log_to_stderr());
    return bext::deploy::run({config.listen, config.secret, config.on_push, STDERR_FILENO});
}

/// A flag that another one makes meaningless, or that needs another one.
std::string without_effect(const bext::cli::Invocation& invocation) {
    if (!invocation.is("run")) return {};
    auto given = [&](const char* name) { return invocation.values.contains(name) && invocation.values.at(name) != "false"; };
    if (given("port") && !given("default-site")) return "--port is for --default-site: what nginx.conf says is where it is served";
    for (auto* name : {"nginx-config", "config"})
        if (given(name) && given("default-site")) return std::string("--") + name + " names a configuration, and --default-site another one";
    return {};
}

/// The commands that read bext's own configuration.
int native(const std::string& command, bext::cli::ServeOptions options) {
    auto config = native_config();
    if (config) return command == "run" ? run(std::move(options), *config) : git_deploy(config->git_deploy);
    fprintf(stderr, "bext-server: %s\n", config.error().text.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    bext::open_standard_descriptors();
    bext::supervisor::keep_title_space(argc, argv);
    bext::http2::install();
    bext::tls::install();
    bext::tls::install_connector();
    auto options = process_of(argc, argv);
    if (argc > 1 && std::strcmp(argv[1], "--as-nginx") == 0) {
        argv[1] = argv[0];
        return bext::cli::as_nginx(argc - 1, argv + 1, options);
    }
    bext::cli::Invocation invocation;
    if (auto status = bext::cli::begin(bext::cli::server_manual(), argc, argv, invocation)) return *status;
    if (invocation.is("nginx check")) return nginx_check(invocation, options);
    if (auto wrong = without_effect(invocation); !wrong.empty()) {
        fprintf(stderr, "bext-server: %s\n", wrong.c_str());
        return 2;
    }
    bext::cli::set_flags(bext::cli::server_manual(), invocation);
    google::InitGoogleLogging(argv[0]);
    FLAGS_logtostderr = true;
    if (auto status = bext::cli::run_command(invocation)) return bext::cli::written(bext::cli::server_manual(), *status);
    take_flags(options, invocation.is("--nginx-masquerade"));
    if (options.masquerade) return bext::cli::serve(options);
    if (invocation.is("rehearse")) return bext::cli::rehearse(options.source, FLAGS_identity);
    if (invocation.is("run") && FLAGS_default_site) return bext::cli::run_default_site(options, FLAGS_port);
    return native(std::string(invocation.command->words), std::move(options));
}
