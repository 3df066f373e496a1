// Memory: what is thrown for want of it goes from task to task and ends where it is caught.
#include <gtest/gtest.h>

#include <new>

#include "base/task.h"

namespace bext {
namespace {

bool done(bool undone) { return undone; }

Task<int> wants_too_much(bool& undone) {
    struct Undo {
        bool& done;
        ~Undo() { done = true; }
    } undo{undone};
    if (!done(undone)) throw std::bad_alloc();
    co_return 1;
}

Task<> outer(bool& undone, bool& after) {
    int value = co_await wants_too_much(undone);
    after = value == 1;
}

Task<> boundary(bool& undone, bool& after, bool& caught) {
    try {
        co_await outer(undone, after);
    } catch (const std::bad_alloc&) {
        caught = true;
    }
}

TEST(MemoryTest, AShortageEndsAtTheBoundary) {
    bool undone = false, after = false, caught = false;
    spawn(boundary(undone, after, caught));
    EXPECT_TRUE(undone);
    EXPECT_FALSE(after);
    EXPECT_TRUE(caught);
}

TEST(MemoryTest, ATaskThatNobodyWaitsForJustEnds) {
    bool undone = false, after = false;
    spawn(outer(undone, after));
    EXPECT_TRUE(undone);
    EXPECT_FALSE(after);
}

}  // namespace
}  // namespace bext
