// What is said of a takeover.
#include "takeover/report.h"

#include <gtest/gtest.h>

namespace bext::takeover {
namespace {

TEST(TakeoverReport, TellsWhoStartsAtBootAndThatNginxIsBext) {
    auto has = [](const std::string& text, const char* what) { return text.find(what) != std::string::npos; };
    State state;
    EXPECT_EQ(text_of(state, {}), "no takeover was begun on this machine\n");
    EXPECT_TRUE(has(text_of(state, {false, true}), "nginx.service is bext (masquerade)"));
    state.begun = true;
    state.phase = Phase::kRolledBack;
    EXPECT_TRUE(has(text_of(state, {}), "phase: RolledBack\nstarts at boot: nginx, as its unit says\n"));
    EXPECT_TRUE(has(text_of(state, {false, true}), "nginx.service is bext (masquerade)"));
    EXPECT_TRUE(has(text_of(state, {false, true}), "starts at boot: bext in nginx's place"));
    EXPECT_TRUE(has(text_of(state, {true, false}), "starts at boot: bext\n"));
    EXPECT_TRUE(has(json_of(state, {false, true}, {}), "\"committed\":false,\"masquerade\":true"));
}

}  // namespace
}  // namespace bext::takeover
