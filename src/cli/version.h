// Version: what -v, -V and -h print on stderr. certbot and others read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bext::cli {

/// Where things are when nothing else is said: Debian's paths.
inline constexpr std::string_view kPrefix = "/usr/share/nginx";
inline constexpr std::string_view kConfPath = "/etc/nginx/nginx.conf";
inline constexpr std::string_view kPidPath = "/run/nginx.pid";
inline constexpr std::string_view kErrorLogPath = "stderr";
inline constexpr std::string_view kHttpLogPath = "/var/log/nginx/access.log";

/// What the binary that runs can tell about itself.
struct Build {
    std::string compiler;               // "gcc 12.2.0"
    std::string openssl;                // the version text it was built with; "" without TLS
    std::string running_openssl;        // the version text of the library it runs with
    std::vector<std::string> modules;   // "http_ssl", "http_v2": as in --with-NAME_module
    std::string compatible;             // "nginx 1.22.1", whose defaults hold; "" is not told
    std::vector<std::string> absent;    // what nginx has unless told otherwise: as in --without-NAME_module
};

/// "nginx version: nginx/1.28.2 (bext-masquerade)" and a newline.
std::string version_line();

/// nginx's usage text.
std::string help_text();

/// What -V adds.
std::string configure_text(const Build& build);

/// A Build of this translation unit's compiler.
Build this_build();

}  // namespace bext::cli
