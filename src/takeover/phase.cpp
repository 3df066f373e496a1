#include "takeover/phase.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bext::takeover {
namespace {

constexpr std::array kPhases = {
    std::pair{Phase::kPreflight, std::string_view("Preflight")},     std::pair{Phase::kTakingOver, std::string_view("TakingOver")},
    std::pair{Phase::kActive, std::string_view("Active")},           std::pair{Phase::kRollingBack, std::string_view("RollingBack")},
    std::pair{Phase::kRolledBack, std::string_view("RolledBack")},   std::pair{Phase::kFailed, std::string_view("Failed")},
};

constexpr std::array kEdges = {
    std::pair{Phase::kPreflight, Phase::kTakingOver},    std::pair{Phase::kTakingOver, Phase::kActive},
    std::pair{Phase::kTakingOver, Phase::kFailed},       std::pair{Phase::kActive, Phase::kRollingBack},
    std::pair{Phase::kFailed, Phase::kRollingBack},      std::pair{Phase::kRollingBack, Phase::kRolledBack},
    std::pair{Phase::kRollingBack, Phase::kFailed},
};

}  // namespace

std::string_view name_of(Phase phase) {
    for (auto& [one, name] : kPhases)
        if (one == phase) return name;
    return "";
}

std::optional<Phase> phase_named(std::string_view name) {
    for (auto& [phase, one] : kPhases)
        if (one == name) return phase;
    return std::nullopt;
}

bool allowed(Phase from, Phase to) { return std::find(kEdges.begin(), kEdges.end(), std::pair{from, to}) != kEdges.end(); }

bool in_transition(Phase phase) { return phase == Phase::kTakingOver || phase == Phase::kRollingBack; }

}  // namespace bext::takeover
