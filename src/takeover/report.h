// Report: the state of a takeover for people and as JSON.
#pragma once

#include <string>

#include "takeover/checks.h"
#include "takeover/journal.h"

namespace bext::takeover {

/// `committed`: whether the commit bit is set.
std::string text_of(const State& state, bool committed);
/// `next`: also what asks for nginx and finds none, and the next step; that is looked for on the disk.
std::string json_of(const State& state, bool committed, const Checks& checks, bool next = false);

/// What `--check` tells besides the table of checks: every directive that bext does not have, and the warnings.
std::string report_text(const Subject& subject);
/// {"ok":…,"checks":…,"directives":[…],"warnings":[…],"asks_for_nginx":[…]}
std::string report_json(const Subject& subject, const Checks& checks);

}  // namespace bext::takeover
