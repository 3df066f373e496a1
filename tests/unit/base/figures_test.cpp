#include "base/figures.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bext {
namespace {

TEST(FiguresTest, SumsWhatEveryProcessCounts) {
    auto page = FigurePage::create();
    ASSERT_TRUE(page);
    page->claim().add(Tally::kRequests, 3);
    pid_t child = fork();
    if (child == 0) {
        auto& own = page->claim();
        own.add(Tally::kRequests, 4);
        own.add(Gauge::kWriting);
        own.add(Gauge::kActive);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(page->total(Tally::kRequests), 7u);
    EXPECT_EQ(page->total(Gauge::kActive), 1u);
    EXPECT_EQ(page->release(child), 1u) << "a request was in flight";
    EXPECT_EQ(page->total(Gauge::kActive), 0u);
    EXPECT_EQ(page->total(Tally::kRequests), 7u) << "what a process has counted outlives it";
    EXPECT_EQ(page->release(child), 0u);
}

TEST(FiguresTest, APlaceIsUsedAgain) {
    auto page = FigurePage::create();
    auto& first = page->claim();
    first.add(Tally::kAccepted);
    FigurePage::give_back(first);
    EXPECT_EQ(&page->claim(), &first);
    EXPECT_NE(&page->claim(), &first);
}

TEST(FiguresTest, AnotherProcessOpensIt) {
    auto page = FigurePage::create();
    page->claim().add(Tally::kReloads, 2);
    auto same = FigurePage::open(Fd(dup(page->fd())));
    ASSERT_TRUE(same);
    EXPECT_EQ(same->total(Tally::kReloads), 2u);
    EXPECT_NE(figures_json(*same).find("\"reloads\":2,"), std::string::npos);
    EXPECT_NE(figures_metrics(*same).find("\nbext_reloads_total 2\n"), std::string::npos);
}

TEST(FiguresTest, WhatIsNoPageIsRefused) {
    EXPECT_FALSE(FigurePage::open(Fd(open("/dev/null", O_RDWR))));
}

}  // namespace
}  // namespace bext
