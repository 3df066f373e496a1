#include "cli/shim_unit.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "cli/version.h"

namespace bext::cli {
namespace {

constexpr const char* kDropIn = "/etc/systemd/system/nginx.service.d/bext-masquerade.conf";
constexpr const char* kNamedNginx = "/var/lib/bext/masquerade/nginx";
constexpr const char* kUnit = "nginx.service";
constexpr const char* kManager = "/run/systemd/system";
constexpr const char* kNotify = "/run/systemd/notify";
constexpr const char* kDebians = "daemon on; master_process on;";  // what the distribution's scripts pass with -g
constexpr rlim_t kFiles = 65535;  // LimitNOFILE= of the drop-in
constexpr int kNoSuchUnit = 5;

bool there(const std::string& path, int how = F_OK) { return access(path.c_str(), how) == 0; }

/// The exit status of systemctl, which says nothing that nginx would not.
int systemctl(const char* verb, bool quiet) {
    pid_t pid = fork();
    if (pid == 0) {
        if (quiet) execlp("systemctl", "systemctl", "--quiet", verb, kUnit, nullptr);
        execlp("systemctl", "systemctl", verb, kUnit, nullptr);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return 127;
    return WEXITSTATUS(status);
}

/// Whether the command line asks for the server of the unit, and not for one of its own.
bool is_the_units(const ShimArgs& args) {
    auto directives = args.directives.value_or("");
    return !args.prefix && !args.error_log && args.conf.value_or(std::string(kConfPath)) == kConfPath &&
           (directives.empty() || directives == kDebians);
}

}  // namespace

std::string nginx_behind(const std::string& shim) {
    auto real = shim + ".real";
    if (!there(real, X_OK) || there(kDropIn)) return {};
    return there(kNamedNginx, X_OK) ? kNamedNginx : real;
}

bool follows_nginx() { return getenv("NGINX") != nullptr; }

void enter_service() {
    if (!there(kDropIn)) return;
    if (there(kNotify)) setenv("NOTIFY_SOCKET", kNotify, 0);
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kFiles) return;
    limit.rlim_cur = kFiles;
    limit.rlim_max = std::max(limit.rlim_max, kFiles);
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

std::optional<int> start_unit(const ShimArgs& args) {
    if (!there(kDropIn) || !there(kManager) || geteuid() != 0 || getppid() == 1 || !is_the_units(args)) return std::nullopt;
    if (systemctl("is-active", true) == 0) return std::nullopt;
    int status = systemctl("start", false);
    if (status == kNoSuchUnit) return std::nullopt;
    return status == 0 ? 0 : 1;
}

}  // namespace bext::cli
