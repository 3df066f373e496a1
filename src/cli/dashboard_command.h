// Dashboard command: `bext dashboard`, the page of the running server, which changes nothing.
#pragma once

#include <optional>

#include "cli/words.h"

namespace bext::cli {

/// Runs it and returns its exit status; nothing when it is another command.
std::optional<int> run_dashboard_command(const Invocation& invocation);

}  // namespace bext::cli
