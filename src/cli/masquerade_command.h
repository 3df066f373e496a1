// `bext nginx masquerade install | uninstall | status | doctor`. docs/masquerade.md
#pragma once

#include <optional>

#include "cli/words.h"
#include "sysd/manager.h"

namespace bext::cli {

/// Runs it; the exit status. Nothing when `argv` asks for something else.
std::optional<int> masquerade_command(const Invocation& invocation);

/// `bext nginx masquerade install`, after a takeover in the same command.
int install_masquerade();
/// Goes on with an install or uninstall that was cut off; its exit status, nothing when there is none.
std::optional<int> resume_masquerade();
/// Whether that could be done, before the takeover.
Result<> can_masquerade(sysd::Manager& manager);

}  // namespace bext::cli
