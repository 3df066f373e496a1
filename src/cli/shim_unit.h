// Shim unit: what the shim does differently where masquerade is installed, or only half of it. docs/masquerade.md
#pragma once

#include <optional>
#include <string>

#include "cli/shim_args.h"

namespace bext::cli {

/// nginx itself, where it stands beside the shim and nginx.service is nginx's: then the shim is nginx. Else "". It is by a
/// name that ends in "nginx" where there is one, since that is what its processes are called then.
std::string nginx_behind(const std::string& shim);

/// Whether this process was executed by an nginx that changes its binary.
bool follows_nginx();

/// Prepares for that: what systemd gives a service that it starts itself.
void enter_service();

/// A plain `nginx` where nginx.service is bext's and does not run: starts the unit. The exit status; nothing when the
/// server is to be started here, because it is another one, runs already, or is started by the unit.
std::optional<int> start_unit(const ShimArgs& args);

}  // namespace bext::cli
