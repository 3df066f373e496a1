// What a service remembers of its reloads and upgrades, from process to process.
#include "supervisor/history.h"

#include <gtest/gtest.h>

namespace bext::supervisor {
namespace {

TEST(History, GoesOnInTheNextProcess) {
    History first;
    first.reloaded(false, "unknown directive \"x\"\nin /etc/nginx/nginx.conf:3");
    first.reloaded(true, "");
    auto second = History::after(first.text(), true);
    ASSERT_EQ(second.past.size(), 3u);
    EXPECT_EQ(second.past[0].what, "reload");
    EXPECT_EQ(second.past[0].event.outcome, "failed");
    EXPECT_EQ(second.past[0].event.error, "unknown directive \"x\" in /etc/nginx/nginx.conf:3");
    EXPECT_EQ(second.past[1].event.outcome, "ok");
    EXPECT_EQ(second.past[2].what, "upgrade");
    EXPECT_EQ(second.past[2].to, BEXT_VERSION);
    EXPECT_NE(second.json().find("\"events\":[{\"what\":\"reload\",\"outcome\":\"failed\""), std::string::npos) << second.json();
    auto third = History::after(second.text(), false);
    ASSERT_EQ(third.past.size(), 3u) << "an upgrade that one process knows of is not the next one's";
    EXPECT_EQ(third.past[2].from, second.past[2].from);
}

TEST(History, IsBounded) {
    History history;
    for (int i = 0; i < 100; ++i) history.reloaded(false, std::string(5000, 'x') + std::to_string(i));
    EXPECT_EQ(history.past.size(), History::kMostPast);
    history.reloaded(true, "");
    EXPECT_LT(history.text().size(), 8192u) << "it goes in one message";
    EXPECT_EQ(History::after(history.text(), false).past.size(), History::kMostPast);
}

TEST(History, WhatAnotherVersionSaysIsTakenOrLeft) {
    EXPECT_TRUE(History::after("version 0.0.9\nbegan 5\nreload ok 7 \n", false).past.empty()) << "one that keeps none";
    EXPECT_TRUE(History::after("past\npast reload\npast reload - - maybe 3\npast reload - -\n", false).past.empty());
    EXPECT_EQ(History::after("past reload - - ok 3 \nfuture x y\n", false).past.size(), 1u);
}

}  // namespace
}  // namespace bext::supervisor
