#include "cli/version.h"

#include "base/text.h"

namespace bext::cli {
namespace {

constexpr std::string_view kPaths =
    " --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --http-log-path=/var/log/nginx/access.log"
    " --error-log-path=stderr --lock-path=/var/lock/nginx.lock --pid-path=/run/nginx.pid"
    " --modules-path=/usr/lib/nginx/modules --http-client-body-temp-path=/var/lib/nginx/body"
    " --http-fastcgi-temp-path=/var/lib/nginx/fastcgi --http-proxy-temp-path=/var/lib/nginx/proxy"
    " --http-scgi-temp-path=/var/lib/nginx/scgi --http-uwsgi-temp-path=/var/lib/nginx/uwsgi";

}  // namespace

std::string version_line() { return "nginx version: nginx/1.28.2 (bext-masquerade)\n"; }

std::string help_text() {
    return cat({"Usage: nginx [-?hvVtTq] [-s signal] [-p prefix]\n"
                "             [-e filename] [-c filename] [-g directives]\n"
                "\n"
                "Options:\n"
                "  -?,-h         : this help\n"
                "  -v            : show version and exit\n"
                "  -V            : show version and configure options then exit\n"
                "  -t            : test configuration and exit\n"
                "  -T            : test configuration, dump it and exit\n"
                "  -q            : suppress non-error messages during configuration testing\n"
                "  -s signal     : send signal to a master process: stop, quit, reopen, reload\n"
                "  -p prefix     : set prefix path (default: ",
                kPrefix,
                "/)\n"
                "  -e filename   : set error log file (default: ",
                kErrorLogPath,
                ")\n"
                "  -c filename   : set configuration file (default: ",
                kConfPath,
                ")\n"
                "  -g directives : set global directives out of configuration file\n"
                "\n"});
}

std::string configure_text(const Build& build) {
    std::string text = "built by " + build.compiler + "\n";
    if (!build.openssl.empty()) {
        text += "built with " + build.openssl;
        if (build.running_openssl != build.openssl) text += " (running with " + build.running_openssl + ")";
        text += "\nTLS SNI support enabled\n";
    }
    if (!build.compatible.empty()) text += "compatible with " + build.compatible + "\n";
    text += "configure arguments:";
    text += kPaths;
    for (const auto& module : build.modules) text += " --with-" + module + "_module";
    for (const auto& module : build.absent) text += " --without-" + module;
    return text + "\n";
}

Build this_build() {
    Build build;
    build.compiler = "gcc " __VERSION__;
    return build;
}

}  // namespace bext::cli
