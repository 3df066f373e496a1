// `bext nginx masquerade install | uninstall | status | doctor`. docs/masquerade.md
#pragma once

#include <optional>

#include "cli/words.h"

namespace bext::cli {

/// Runs it; the exit status. Nothing when `argv` asks for something else.
std::optional<int> masquerade_command(const Invocation& invocation);

}  // namespace bext::cli
