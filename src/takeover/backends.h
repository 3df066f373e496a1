// Backends: the servers that a configuration passes requests to, and whether each accepts a connection now.
#pragma once

#include <string>
#include <vector>

#include "takeover/survey.h"

namespace bext::takeover {

enum class Health { kUp, kDown, kUnknown };

struct Backend {
    std::string address;   // as the configuration names it
    std::string upstream;  // the block that it stands in; empty: a *_pass names it directly
    std::string place;     // "FILE:LINE"
    Health health = Health::kUnknown;
    std::string reason;    // of a health other than up
    bool backup = false;   // only asked when the others of its block fail
};

/// "up", "down" or "unknown".
const char* name_of(Health health);

/// Every server of an upstream block and every address of a *_pass, in their order; a *_pass to an upstream block is none.
/// Each address is connected to once, which takes half a second when nothing answers; those that are asked by
/// UDP are not.
std::vector<Backend> backends_of(const Survey& survey);

}  // namespace bext::takeover
