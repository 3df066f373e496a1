// The commands of the takeover: nginx-takeover, takeover status, rollback, recover.
#pragma once

#include <optional>

#include "cli/words.h"

namespace bext::cli {

/// Runs one of them; the exit status. Nothing when none is asked for.
std::optional<int> run_takeover_command(const Invocation& invocation);

/// `serve-on SOCKET PROGRAM WORDS…`: becomes that program, with the listening sockets that it receives; what a rollback
/// starts nginx with. Its words are no flags of ours.
int serve_on_command(int argc, char** argv);

}  // namespace bext::cli
