// Error logs: the files that a configuration names, and their ends.
#pragma once

#include <set>
#include <string>

#include "takeover/checks.h"

namespace bext::takeover {

/// Of the main block, of http, of servers and of locations.
std::set<std::string> error_logs_of(const Subject& subject);

/// [{"file":…,"lines":[…],"reason":…},…]: the last lines of each, 50 of at most 1000 bytes, of the first 8 files; the reason why there
/// are none. Bytes that are no UTF-8 stay as they are.
std::string ends_json(const std::set<std::string>& files);

}  // namespace bext::takeover
