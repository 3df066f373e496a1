// Shim arguments: nginx's command line, read exactly as nginx reads it. https://nginx.org/en/docs/switches.html
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace bext::cli {

struct ShimArgs {
    bool show_version = false;    // -v, -V, -h, -?
    bool show_configure = false;  // -V
    bool show_help = false;       // -h, -?
    bool test = false;            // -t, -T
    bool dump = false;            // -T
    bool quiet = false;           // -q
    std::optional<std::string> prefix;      // -p
    std::optional<std::string> error_log;   // -e; "" is stderr
    std::optional<std::string> conf;        // -c
    std::optional<std::string> directives;  // -g
    std::optional<std::string> signal;      // -s: stop, quit, reopen or reload
};

/// The error text is nginx's, without its "nginx: " in front.
Result<ShimArgs> parse_shim_args(int argc, const char* const* argv);

}  // namespace bext::cli
