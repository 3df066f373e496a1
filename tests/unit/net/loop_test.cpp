#include "net/loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace bext::net {
namespace {

TEST(Loop, DeferredWorkRunsAndMayDeferMore) {
    Loop loop;
    std::string notes;
    loop.later([&] {
        notes += "a";
        loop.later([&] {
            notes += "c";
            loop.stop();
        });
    });
    loop.later([&] { notes += "b"; });
    loop.run();
    EXPECT_EQ(notes, "abc");
}

TEST(Loop, PostedWorkRunsOnTheLoopsThread) {
    Loop loop;
    std::thread::id ran_on;
    std::thread other([&] {
        loop.post([&] {
            ran_on = std::this_thread::get_id();
            loop.stop();
        });
    });
    loop.run();
    other.join();
    EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(Loop, RetiredObjectsOutliveTheirBatch) {
    struct Flag {
        explicit Flag(bool& gone) : gone(gone) {}
        ~Flag() { gone = true; }
        bool& gone;
    };
    Loop loop;
    bool gone = false, early = true;
    loop.post([&] {
        loop.retire(new Flag(gone));
        loop.post([] {});
        loop.later([&] { early = gone; });
        loop.stop();
    });
    loop.run();
    EXPECT_FALSE(early);
    EXPECT_TRUE(gone);
}

/// Reads what its pipe has.
struct Reading final : Watch {
    Reading(Loop& loop, int fd) : loop(loop), fd(fd) { loop.add(*this, fd, EPOLLIN); }
    void ready(std::uint32_t) override {
        char c;
        if (::read(fd, &c, 1) == 1) got += c;
        batch = loop.batch();
        if (c == '.') loop.stop();
    }
    Loop& loop;
    int fd;
    std::string got;
    std::uint64_t batch = 0;
};

TEST(Loop, DescriptorsUntilForgotten) {
    Loop loop;
    int a[2], b[2];
    ASSERT_EQ(pipe(a), 0);
    ASSERT_EQ(pipe(b), 0);
    Reading first(loop, a[0]), second(loop, b[0]);
    loop.forget(a[0]);
    ASSERT_EQ(write(a[1], "x", 1), 1);
    ASSERT_EQ(write(b[1], "y.", 2), 2);
    loop.run();
    EXPECT_EQ(first.got, "");
    EXPECT_EQ(second.got, "y.");
    for (int fd : {a[0], a[1], b[0], b[1]}) close(fd);
}

TEST(Loop, TheFirstDescriptorIsServedBeforeTheOthersOfItsBatch) {
    Loop loop;
    int a[2], b[2];
    ASSERT_EQ(pipe(a), 0);
    ASSERT_EQ(pipe(b), 0);
    Reading watch(loop, a[0]);
    std::string at_first = "never";
    loop.set_first(b[0], [&] {
        char c;
        ASSERT_EQ(read(b[0], &c, 1), 1);
        at_first = watch.got;
    });
    ASSERT_EQ(write(a[1], ".", 1), 1);
    ASSERT_EQ(write(b[1], "x", 1), 1);
    loop.run();
    EXPECT_EQ(at_first, "");
    EXPECT_EQ(watch.got, ".");
    for (int fd : {a[0], a[1], b[0], b[1]}) close(fd);
}

TEST(Sleep, EndsByItselfOrEarlier) {
    Loop loop;
    Sleep soon(1), never(1000000000);
    std::string notes;
    auto wait = [&](Sleep& sleep, const char* note) -> Task<> {
        co_await sleep;
        notes += note;
        if (notes.size() == 2) loop.stop();
    };
    spawn(wait(never, "n"));
    spawn(wait(soon, "s"));
    EXPECT_EQ(notes, "");
    never.wake();
    never.wake();
    EXPECT_EQ(notes, "n");
    loop.run();
    EXPECT_EQ(notes, "ns");
}

/// Arms itself again each time.
struct Again : Turn {
    Again() : Turn([](Turn& t) {
        auto& self = static_cast<Again&>(t);
        self.batches.push_back(Loop::current().batch());
        self.arm();
    }) {}
    std::vector<std::uint64_t> batches;
};

TEST(Loop, WhatGoesOnInTheNextTurnComesOnceInEach) {
    Loop loop;
    Again again;
    {
        Again gone;
        gone.arm();
    }
    again.arm();
    again.arm();
    auto first = loop.batch();
    for (int i = 0; i < 3; ++i) loop.turn(true);  // does not wait
    EXPECT_EQ(again.batches, (std::vector<std::uint64_t>{first + 1, first + 2, first + 3}));
}

}  // namespace
}  // namespace bext::net
