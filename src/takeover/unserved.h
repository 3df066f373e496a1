// Unserved: the directives of a configuration that bext does not have, each with its place, nginx's module, and what comes of it.
#pragma once

#include <string>
#include <vector>

#include "takeover/survey.h"

namespace bext::takeover {

struct Unserved {
    std::string directive;  // its name, and the value where only that is refused
    std::string place;      // "FILE:LINE"
    std::string module;     // "ngx_http_grpc_module"; "" when nginx has no such directive and none is known to
    std::string happens;
};

/// The modules of every load_module, as loader/dynamic_modules.h names them.
std::vector<std::string> loaded_modules(const Survey& survey);

/// In the order of the configuration. What stands in a block that is named itself is left out.
std::vector<Unserved> unserved_of(const Survey& survey);

}  // namespace bext::takeover
