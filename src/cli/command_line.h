// The commands that both programs know: bext and bext-server.
#pragma once

#include <optional>

#include "cli/words.h"

namespace bext::cli {

/// Gives gflags what was typed, and else what the manual has as the default.
void set_flags(const Program& program, const Invocation& invocation);

/// Runs `upgrade`, `status`, `reload`, `stop` or `ctl reload|status`; the exit status. Nothing when none of them is asked for.
std::optional<int> run_command(const Invocation& invocation);

}  // namespace bext::cli
