// Fetch: one page from a server of this machine. RFC 9112
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace bext::masquerade {

/// The body of GET `path`; an answer that is not 200 is an error.
Result<std::string> fetch(const char* address, std::uint16_t port, const std::string& path);

}  // namespace bext::masquerade
