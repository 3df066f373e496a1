// Compatible: which nginx's defaults bext has: those that bext.config.toml names, else those of the nginx that it stands in for, which
// a takeover and masquerade write down, else the newest (docs/nginx-versions.md).
#pragma once

#include <optional>
#include <string>

#include "base/nginx_version.h"
#include "base/result.h"

namespace bext::cli {

struct Compatible {
    NginxVersion version = kNewestNginx;
    std::string from;  // as in handoff::Plan
};

/// Where masquerade and a takeover write down the version; the first one that is there counts.
struct Records {
    std::string masquerade = "/var/lib/bext/masquerade/nginx-version";
    std::string takeover = "/var/lib/bext/takeover/nginx-version";
};

/// Looks anew each time, so that a reload takes a change. The error is that of bext's own configuration.
Result<Compatible> find_compatible(const Records& records = {});

/// What bext.config.toml says, and only that.
Result<std::optional<NginxVersion>> configured_version();

/// "nginx 1.22.1, which masquerade has found here".
std::string text_of(const Compatible& compatible);

}  // namespace bext::cli
