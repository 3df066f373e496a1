// bext-server: the server. Run as nginx by the shim, as a service by its unit, or by hand.
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <cstring>

#include "cli/command_line.h"
#include "cli/default_site.h"
#include "cli/server.h"
#include "supervisor/title.h"
#include "tls/accept.h"
#include "tls/connect.h"

DEFINE_bool(nginx_masquerade, false, "serve as a stand-in for nginx, in the foreground");
DEFINE_string(nginx_config, "", "the nginx.conf to serve (default /etc/nginx/nginx.conf)");
DECLARE_string(pid_file);
DEFINE_int32(port, 8080, "with --default-site: the first port to try");
DEFINE_bool(default_site, false, "with run: serve the embedded default configuration on a loopback port");

namespace {

constexpr char kUsage[] =
    "serves what an nginx.conf describes.\n\n"
    "  bext-server run [--nginx-config FILE] [--pid-file FILE]   serve in the foreground\n"
    "  bext-server run --default-site [--port N]                 serve a built-in page on a loopback port\n"
    "  bext-server --nginx-masquerade [--nginx-config FILE]      serve in nginx's name, in the foreground\n"
    "  bext-server nginx check [-c FILE]                         test the configuration\n"
    "  bext-server upgrade [--binary FILE] [--pid-file FILE]     change the binary of the running server\n"
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
    if (argc > 1 && std::strcmp(argv[1], "run") == 0) {
        if (FLAGS_default_site) return bext::cli::run_default_site(options, FLAGS_port);
        return bext::cli::serve(options);
    }
    fprintf(stderr, "bext-server: %s\n", kUsage);
    return 2;
}
