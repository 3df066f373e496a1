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
/// `next`: also what asks for nginx and finds none, and the next step; that is looked for on the disk.
std::string json_of(const State& state, const Standing& standing, const Checks& checks, bool next = false);

/// What `--check` tells besides the table of checks: every directive that bext does not have, and the warnings.
std::string report_text(const Subject& subject);
/// {"ok":…,"checks":…,"directives":[…],"warnings":[…],"asks_for_nginx":[…]}
std::string report_json(const Subject& subject, const Checks& checks);

}  // namespace bext::takeover
