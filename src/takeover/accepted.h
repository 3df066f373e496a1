// Accepted: differences of the rehearsal that an administrator has looked at and takes, each with the reason. They stay on the disk, so
// that a rehearsal later, with a command too, knows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bext::takeover {

struct Acceptance {
    std::string server, location, what;  // as the rehearsal names the difference
    std::string reason;
    std::int64_t time = 0;  // seconds since 1970
};

/// A file of a line each; none when it cannot be read.
std::vector<Acceptance> read_accepted(const std::string& path);
/// Adds one, or gives it another reason. Durable. At most 200 are kept.
Result<> accept(const std::string& path, const Acceptance& one);

/// What the page asks with: server, location, difference and reason, a line each. An error in words for people when it is no such
/// thing, or has no reason.
Result<Acceptance> acceptance_of(std::string_view body);

}  // namespace bext::takeover
