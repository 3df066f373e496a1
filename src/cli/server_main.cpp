// bext-server: the server. Run as nginx by the shim, as a service by its unit, or by hand.
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <cstring>

#include "base/log.h"
#include "cli/command_line.h"
#include "cli/default_site.h"
#include "cli/native_config.h"
#include "cli/rehearse.h"
#include "cli/server.h"
#include "deploy/webhook.h"
#include "supervisor/title.h"
#include "tls/accept.h"
#include "tls/connect.h"

DEFINE_bool(nginx_masquerade, false, "serve as a stand-in for nginx, in the foreground");
DEFINE_string(config, "", "with run and git-deploy: bext's own configuration (default /etc/bext/bext.config.toml, which may be missing)");
DEFINE_string(nginx_config, "", "the nginx.conf to serve (default: what [nginx] config says, else /etc/nginx/nginx.conf)");
DECLARE_string(pid_file);
DEFINE_int32(port, 8080, "with --default-site: the first port to try");
DEFINE_string(identity, "", "with rehearse, which bext nginx-takeover uses: the name and version in its answers");
DEFINE_bool(default_site, false, "with run: serve the embedded default configuration on a loopback port");

namespace {

constexpr char kUsage[] =
    "serves what an nginx.conf describes.\n\n"
    "  bext-server run [--config FILE] [--nginx-config FILE] [--pid-file FILE]\n"
    "                                                            serve in the foreground\n"
    "  bext-server run --default-site [--port N]                 serve a built-in page on a loopback port\n"
    "  bext-server git-deploy [--config FILE]                    run a command on every push, when [git_deploy] is enabled\n"
    "  bext-server --nginx-masquerade [--nginx-config FILE]      serve in nginx's name, in the foreground\n"
    "  bext-server nginx check [-c FILE]                         test the configuration\n"
    "  bext-server upgrade [--binary FILE] [--pid-file FILE]     change the binary of the running server\n"
    "  bext-server stop [--pid-file FILE]                        have it finish what is in flight, and wait for its end\n"
    "  bext-server ctl reload [--wait] | ctl status [--json]     ask the running server";

std::string own_path() {
    char path[PATH_MAX];
    ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
    return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : std::string();
}

/// `nginx check [-c FILE] [-p PREFIX]`: words of nginx's own command line.
int nginx_check(int argc, char** argv, const bext::cli::ServeOptions& process) {
    std::vector<char*> words{argv[0], const_cast<char*>("-t")};
    for (int i = 3; i < argc; ++i) words.push_back(argv[i]);
    return bext::cli::as_nginx(static_cast<int>(words.size()), words.data(), process);
}

/// The process as it was executed, for the one that takes its place one day.
bext::cli::ServeOptions process_of(int argc, char** argv) {
    bext::cli::ServeOptions options;
    options.argv.assign(argv, argv + argc);
    options.exec_argv = options.argv;
    options.binary = own_path();
    return options;
}

void take_flags(bext::cli::ServeOptions& options) {
    options.source.conf_file = FLAGS_nginx_config;
    options.source.pid_path = FLAGS_pid_file;
    // The pid file that nginx.conf names is nginx's.
    if (FLAGS_pid_file.empty() && !FLAGS_nginx_masquerade && !FLAGS_default_site && ::geteuid() == 0) options.source.pid_path = "/run/bext.pid";
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

/// The commands that read bext's own configuration.
int native(const std::string& command, bext::cli::ServeOptions options) {
    auto config = native_config();
    if (config) return command == "run" ? run(std::move(options), *config) : git_deploy(config->git_deploy);
    fprintf(stderr, "bext-server: %s\n", config.error().text.c_str());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    bext::supervisor::keep_title_space(argc, argv);
    bext::tls::install();
    bext::tls::install_connector();
    auto options = process_of(argc, argv);
    if (argc > 1 && std::strcmp(argv[1], "--as-nginx") == 0) {
        argv[1] = argv[0];
        return bext::cli::as_nginx(argc - 1, argv + 1, options);
    }
    if (argc > 2 && std::strcmp(argv[1], "nginx") == 0 && std::strcmp(argv[2], "check") == 0) return nginx_check(argc, argv, options);
    gflags::SetUsageMessage(kUsage);
    gflags::SetVersionString(BEXT_VERSION);
    gflags::ParseCommandLineFlags(&argc, &argv, true);
    google::InitGoogleLogging(argv[0]);
    FLAGS_logtostderr = true;
    if (auto status = bext::cli::run_command(argc, argv)) return *status;
    take_flags(options);
    if (FLAGS_nginx_masquerade) {
        options.masquerade = true;
        return bext::cli::serve(options);
    }
    std::string command = argc > 1 ? argv[1] : "";
    if (command == "rehearse") return bext::cli::rehearse(options.source, FLAGS_identity);
    if (command == "run" && FLAGS_default_site) return bext::cli::run_default_site(options, FLAGS_port);
    if (command == "run" || command == "git-deploy") return native(command, std::move(options));
    fprintf(stderr, "bext-server: %s\n", kUsage);
    return 2;
}
