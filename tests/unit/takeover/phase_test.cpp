// Every pair of phases: the seven ways of the specification are open, all others are closed.
#include "takeover/phase.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace bext::takeover {
namespace {

constexpr Phase kAll[] = {Phase::kPreflight, Phase::kTakingOver, Phase::kActive, Phase::kRollingBack, Phase::kRolledBack, Phase::kFailed};

TEST(Phase, OnlyTheWaysOfTheSpecificationAreOpen) {
    const std::set<std::pair<std::string_view, std::string_view>> open = {
        {"Preflight", "TakingOver"}, {"TakingOver", "Active"},      {"TakingOver", "Failed"}, {"Active", "RollingBack"},
        {"Failed", "RollingBack"},   {"RollingBack", "RolledBack"}, {"RollingBack", "Failed"},
    };
    for (auto from : kAll)
        for (auto to : kAll)
            EXPECT_EQ(allowed(from, to), open.contains({name_of(from), name_of(to)})) << name_of(from) << " to " << name_of(to);
}

TEST(Phase, NamesLeadBack) {
    for (auto phase : kAll) EXPECT_EQ(phase_named(name_of(phase)), phase);
    EXPECT_FALSE(phase_named("active"));
}

TEST(Phase, TransitionsLeaveWorkBehind) {
    for (auto phase : kAll) EXPECT_EQ(in_transition(phase), phase == Phase::kTakingOver || phase == Phase::kRollingBack);
}

}  // namespace
}  // namespace bext::takeover
