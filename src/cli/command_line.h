// The commands that both programs know: bext and bext-server.
#pragma once

#include <optional>

namespace bext::cli {

/// Runs `upgrade`, `status`, `reload`, `stop` or `ctl reload|status`; the exit status. Nothing when `argv` asks for none of them.
/// The flags must be parsed.
std::optional<int> run_command(int argc, char** argv);

}  // namespace bext::cli
