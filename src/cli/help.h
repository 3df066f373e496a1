// Help: what the manual says, for people and as JSON for the scripts that make the man pages and the completions.
#pragma once

#include <optional>
#include <string>

#include "cli/words.h"

namespace bext::cli {

/// The commands, a line each. `bold` marks the headings for a terminal.
std::string overview(const Program& program, bool bold);
/// All about one command.
std::string help_of(const Program& program, const Command& command, bool bold);
/// "bext reload [--no-wait] [--pid-file FILE]"
std::string usage_of(const Program& program, const Command& command);
/// The whole table.
std::string manual_json(const Program& program);

/// Whether escape sequences may be written there: a terminal, and NO_COLOR is not set. https://no-color.org/
bool may_colour(int descriptor);

/// What begins every main: reads the words, and prints help, the version or what is wrong with them. The exit status, when
/// that was all; else `to` is what to do.
std::optional<int> begin(const Program& program, int argc, const char* const* argv, Invocation& to);

/// What ends a command that prints: `status`, or a failure when standard output did not take all (a full disk).
int written(const Program& program, int status);

}  // namespace bext::cli
