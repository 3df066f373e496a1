#include "base/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace bext {
namespace {

/// What a coroutine waits for until the test opens it.
struct Door {
    std::coroutine_handle<> caller;
    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> c) { caller = c; }
    void await_resume() const {}
    void open() { pump::run(std::exchange(caller, {})); }
};

Task<int> number(int n) { co_return n; }

Task<int> sum(int depth) {
    if (depth == 0) co_return 0;
    int rest = co_await sum(depth - 1);
    co_return rest + 1;
}

TEST(Task, StartsWhenAskedTo) {
    auto task = number(7);
    EXPECT_FALSE(task.done());
    task.start();
    EXPECT_TRUE(task.done());
    EXPECT_EQ(task.await_resume(), 7);
}

TEST(Task, DeepNestingKeepsTheStackFlat) {
    auto task = sum(100000);
    task.start();
    EXPECT_EQ(task.await_resume(), 100000);
}

TEST(Task, ALoopOfReadyTasksKeepsTheStackFlat) {
    auto loop = []() -> Task<int> {
        int all = 0;
        for (int i = 0; i < 200000; ++i) {
            int one = co_await number(1);
            all += one;
        }
        co_return all;
    };
    auto task = loop();
    task.start();
    EXPECT_EQ(task.await_resume(), 200000);
}

TEST(Task, WaitsAndGoesOn) {
    Door door;
    std::string notes;
    auto inner = [](std::string& out, Door& d) -> Task<> {
        out += "before ";
        co_await d;
        out += "after ";
    };
    auto outer = [&]() -> Task<> {
        co_await inner(notes, door);
        notes += "end";
    };
    auto task = outer();
    task.start();
    EXPECT_EQ(notes, "before ");
    EXPECT_FALSE(task.done());
    door.open();
    EXPECT_EQ(notes, "before after end");
    EXPECT_TRUE(task.done());
}

TEST(Task, ADroppedTaskFreesWhatItHolds) {
    auto held = std::make_shared<int>(1);
    Door door;
    {
        auto wait = [](std::shared_ptr<int> own, Door& d) -> Task<> {
            co_await d;
            ++*own;
        };
        auto task = wait(held, door);
        task.start();
        EXPECT_EQ(held.use_count(), 2);
    }
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, SpawnedTasksFreeThemselves) {
    auto held = std::make_shared<int>(1);
    Door door;
    auto wait = [](std::shared_ptr<int> own, Door& d) -> Task<> {
        co_await d;
        ++*own;
    };
    spawn(wait(held, door));
    EXPECT_EQ(held.use_count(), 2);
    door.open();
    EXPECT_EQ(*held, 2);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, OneThatIsSpawnedInsideAnotherRunsAtOnce) {
    std::string notes;
    auto inner = [&]() -> Task<> {
        notes += "inner ";
        co_return;
    };
    auto outer = [&]() -> Task<> {
        notes += "outer ";
        spawn(inner());
        notes += "again ";
        int n = co_await number(3);
        notes += std::to_string(n);
    };
    spawn(outer());
    EXPECT_EQ(notes, "outer inner again 3");
}

}  // namespace
}  // namespace bext
