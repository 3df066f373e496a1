// Takeover sockets: listening sockets that another process passes to this one while it starts (src/takeover/giver.h).
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace bext::supervisor {

/// Connects to `path` and takes the sockets that are sent there.
Result<std::vector<Fd>> sockets_from_giver(const std::string& path);

/// The same for the path in BEXT_TAKEOVER_SOCKET, which is removed from the environment. Nothing when nobody listens there:
/// the variable stays in the unit, the giver only lives during a takeover.
std::vector<Fd> sockets_from_takeover();

}  // namespace bext::supervisor
