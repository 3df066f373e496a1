// Default site: an embedded nginx.conf and page, served on a loopback port, for a first look.
#pragma once

#include "cli/server.h"

namespace bext::cli {

/// Writes the embedded configuration to a directory of its own, prints the URL, serves. `port` or the next free one.
int run_default_site(ServeOptions options, int port);

}  // namespace bext::cli
