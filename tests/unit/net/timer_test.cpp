// The timer queue against a slow model; time is a number that the test turns.
#include "net/timer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "net/loop.h"

namespace bext::net {
namespace {

struct Noted : Timer {
    Noted(std::vector<int>& fired, int name) : Timer([](Timer& t) { static_cast<Noted&>(t).fire(); }), fired(fired), name(name) {}
    void fire() { fired.push_back(name); }
    std::vector<int>& fired;
    int name;
};

struct TimerTest : testing::Test {
    Loop loop;  // timers leave its queue when they end
    TimerQueue& queue = loop.timers();
    std::vector<int> fired;
};

TEST_F(TimerTest, FireInOrderAndOnce) {
    Noted a(fired, 1), b(fired, 2), c(fired, 3);
    EXPECT_EQ(queue.wait(0), -1);
    queue.arm(a, 30);
    queue.arm(b, 10);
    queue.arm(c, 20);
    EXPECT_EQ(queue.wait(4), 6);
    queue.expire(9);
    EXPECT_TRUE(fired.empty());
    queue.expire(20);
    EXPECT_EQ(fired, (std::vector<int>{2, 3}));
    EXPECT_FALSE(b.armed());
    queue.expire(1000);
    queue.expire(2000);
    EXPECT_EQ(fired, (std::vector<int>{2, 3, 1}));
    EXPECT_EQ(queue.wait(2000), -1);
}

TEST_F(TimerTest, ReplacedAndDisarmed) {
    Noted a(fired, 1), b(fired, 2);
    queue.arm(a, 10);
    queue.arm(a, 50);
    queue.expire(40);
    EXPECT_TRUE(fired.empty());
    queue.arm(a, 45);
    queue.arm(b, 45);
    b.disarm();
    EXPECT_EQ(queue.wait(41), 4);
    queue.expire(45);
    EXPECT_EQ(fired, std::vector<int>{1});
}

TEST_F(TimerTest, OneThatEndsIsForgotten) {
    {
        Noted gone(fired, 1);
        queue.arm(gone, 5);
    }
    queue.expire(10);
    EXPECT_TRUE(fired.empty());
    EXPECT_EQ(queue.wait(0), -1);
}

TEST_F(TimerTest, OneThatEndsInTheMiddleDelaysNoOther) {
    std::vector<std::unique_ptr<Noted>> timers;
    for (int due : {1, 10, 2, 3, 4, 20, 21, 22, 23, 5}) {  // as they lie in the queue: 20 is below 10, 5 below 2
        timers.push_back(std::make_unique<Noted>(fired, due));
        queue.arm(*timers.back(), static_cast<std::uint64_t>(due));
    }
    timers[5].reset();  // 5, the last, takes the place of 20
    queue.expire(6);
    EXPECT_EQ(fired, (std::vector<int>{1, 2, 3, 4, 5}));
}

TEST_F(TimerTest, AgreesWithASlowModel) {
    std::mt19937 random(1);
    std::vector<std::unique_ptr<Noted>> timers;
    std::vector<std::uint64_t> due(50, 0);  // 0: idle
    for (int i = 0; i < 50; ++i) timers.push_back(std::make_unique<Noted>(fired, i));
    std::uint64_t now = 1;
    for (int step = 0; step < 20000; ++step) {
        auto i = random() % 50;
        switch (random() % 4) {
            case 0:
            case 1:
                due[i] = now + 1 + random() % 100;
                queue.arm(*timers[i], due[i]);
                break;
            case 2:
                due[i] = 0;
                timers[i]->disarm();
                break;
            default:
                now += random() % 20;
                fired.clear();
                queue.expire(now);
                std::vector<int> expected;
                for (int n = 0; n < 50; ++n) {
                    auto& d = due[static_cast<std::size_t>(n)];
                    if (d && d <= now) expected.push_back(n), d = 0;
                }
                std::sort(fired.begin(), fired.end());
                ASSERT_EQ(fired, expected);
        }
    }
}

}  // namespace
}  // namespace bext::net
