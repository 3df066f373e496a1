// DNS messages as a stub resolver needs them: a question for addresses, and the answer to it (RFC 1035, RFC 3596).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace bext::net::dns {

enum class Type : std::uint16_t { kA = 1, kCname = 5, kAaaa = 28 };

/// A query for `name`; empty when it is no host name (an empty or too long label).
std::string query(std::uint16_t id, std::string_view name, Type type);

struct Answer {
    int code = 0;  ///< 3: no such name
    bool truncated = false;
    std::vector<Address> addresses;  ///< of the name, or of what it is an alias for; without a port
    std::uint32_t ttl = UINT32_MAX;  ///< seconds, the shortest of all records used
    std::string alias;               ///< where the chain of aliases ends, when it goes beyond this answer
};

/// Reads the answer to query(id, name, type). Nothing for a packet that is not that answer or is broken: it is ignored.
std::optional<Answer> parse(std::string_view packet, std::uint16_t id, std::string_view name, Type type);

}  // namespace bext::net::dns
