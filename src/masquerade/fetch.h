// Fetch: one page from a server of this machine. RFC 9112
#pragma once

#include <string>

#include "base/result.h"

namespace bext::masquerade {

/// The body of GET `path` with this Host, none when it is ""; an answer that is not 200 is an error.
Result<std::string> fetch(const std::string& address, const std::string& port, const std::string& host, const std::string& path);

}  // namespace bext::masquerade
