// Stand aside: which program takes this server's place when masquerade ends. A file says so that only root can have written.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bext::supervisor {

inline const std::string kStandAsidePath = "/var/lib/bext/masquerade/stand-aside";

struct StandAside {
    std::string binary;
    std::vector<std::string> argv;
};

/// The lines of the file: the program's path and its words. An error when anybody but root (or this user) could have
/// written the file or the program, or can put others in their places.
Result<StandAside> read_stand_aside(const std::string& path);

/// The file's text.
std::string stand_aside_text(const StandAside& program);

}  // namespace bext::supervisor
