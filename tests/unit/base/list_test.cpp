#include "base/list.h"

#include <gtest/gtest.h>

#include <vector>

namespace bext {
namespace {

std::vector<int> items(const List<int>& list) { return {list.begin(), list.end()}; }

TEST(List, GrowsAndKeepsWhatItHas) {
    Arena arena;
    List<int> list(arena);
    EXPECT_TRUE(list.empty());
    std::vector<int> expected;
    for (int i = 0; i < 3000; ++i) {
        EXPECT_EQ(list.push(i), i);
        expected.push_back(i);
    }
    EXPECT_EQ(items(list), expected);
    EXPECT_EQ(list.back(), 2999);
    EXPECT_EQ(list.span().size(), list.size());
}

TEST(List, RemovesInPlace) {
    Arena arena;
    List<int> list(arena);
    for (int i = 0; i < 10; ++i) list.push(i);
    list.remove_if([](int i) { return i % 3 == 0; });
    EXPECT_EQ(items(list), (std::vector<int>{1, 2, 4, 5, 7, 8}));
    list.clear();
    EXPECT_TRUE(items(list).empty());
    list.push(7);
    EXPECT_EQ(items(list), std::vector<int>{7});
}

TEST(List, ForgetsMemoryThatTheArenaTookBack) {
    Arena arena;
    List<int> list(arena);
    for (int i = 0; i < 100; ++i) list.push(i);
    list.reset();
    arena.clear();
    list.push(1);
    EXPECT_EQ(items(list), std::vector<int>{1});
}

}  // namespace
}  // namespace bext
