// Report: the state of a takeover for people and as JSON.
#pragma once

#include <string>

#include "takeover/checks.h"
#include "takeover/journal.h"

namespace bext::takeover {

/// What stands on the disk, beside what the journal tells.
struct Standing {
    bool committed = false;   // the commit bit is set
    bool masquerade = false;  // nginx.service is bext
};

std::string text_of(const State& state, const Standing& standing);
std::string json_of(const State& state, const Standing& standing, const Checks& checks);

}  // namespace bext::takeover
