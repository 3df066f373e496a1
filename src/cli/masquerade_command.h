// `bext nginx masquerade install | uninstall | status | doctor`. docs/masquerade.md
#pragma once

#include <optional>

namespace bext::cli {

/// Runs it; the exit status. Nothing when `argv` asks for something else. The flags must be parsed.
std::optional<int> masquerade_command(int argc, char** argv);

}  // namespace bext::cli
