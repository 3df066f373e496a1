// Phase: the states of a takeover and the ways between them, as a table. There are no others.
//
//   preflight → taking over → active → rolling back → rolled back
//                    ↓                    ↓     ↑
//                  failed ←───────────────┘     └── failed
#pragma once

#include <optional>
#include <string_view>

namespace bext::takeover {

enum class Phase { kPreflight, kTakingOver, kActive, kRollingBack, kRolledBack, kFailed };

/// "Preflight", "TakingOver", …
std::string_view name_of(Phase phase);
std::optional<Phase> phase_named(std::string_view name);

/// Whether a takeover in phase `from` may enter `to`.
bool allowed(Phase from, Phase to);

/// Whether something is being changed: a process that dies in such a phase leaves work behind.
bool in_transition(Phase phase);

}  // namespace bext::takeover
