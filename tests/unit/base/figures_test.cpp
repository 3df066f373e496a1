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
    EXPECT_EQ(page->release(child).in_flight, 1u) << "a request was in flight";
    EXPECT_EQ(page->total(Gauge::kActive), 0u);
    EXPECT_EQ(page->total(Tally::kRequests), 7u) << "what a process has counted outlives it";
    EXPECT_EQ(page->release(child).in_flight, 0u);
}

TEST(FiguresTest, AnswersAreThoseOfTheProcessThatIsGone) {
    auto page = FigurePage::create();
    auto& before = page->claim();
    before.add(Tally::kStatus2xx, 5);
    FigurePage::give_back(before);
    auto& own = page->claim();
    EXPECT_EQ(&own, &before);
    own.add(Tally::kStatus1xx);
    own.add(Tally::kStatus5xx, 2);
    EXPECT_EQ(page->release(getpid()).answered, 3u);
}

TEST(FiguresTest, ATurnIsSeenFromOutside) {
    auto page = FigurePage::create();
    auto& own = page->claim();
    auto turns = [&] {
        std::uint64_t since = 0;
        page->each_pulse(getpid(), [&](Pulse& pulse) { since = pulse.turning_since(); });
        return since;
    };
    EXPECT_EQ(turns(), 0u);
    own.pulse().turn(77);
    EXPECT_EQ(turns(), 77u);
    own.pulse().doing(Doing::kEvent);
    own.pulse().request("www.example.org", "/a");
    EXPECT_EQ(own.pulse().text(), "an event of a connection; its last new request: www.example.org/a");
    {
        Blocking marked("open", "/a/" + std::string(100, 'x') + "/file");
        EXPECT_EQ(own.pulse().text().substr(0, 13), "open() \"...xx");
        EXPECT_TRUE(own.pulse().text().find("x/file\"") != std::string::npos) << own.pulse().text();
    }
    EXPECT_EQ(own.pulse().text().substr(0, 8), "an event");
    own.pulse().rest();
    EXPECT_EQ(turns(), 0u);
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
