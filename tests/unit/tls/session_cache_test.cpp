#include "tls/session_cache.h"

#include <gtest/gtest.h>

namespace bext::tls {
namespace {

TEST(SessionCacheTest, KeepsTheRecentOnesWithinItsRoom) {
    SessionCache cache(3 * (150 + 10));
    for (auto* id : {"a", "b", "c", "d"}) cache.put(id, std::string(10, *id), 100);
    EXPECT_EQ(cache.get("a", 50), "") << "the oldest made room";
    EXPECT_EQ(cache.get("d", 50), "dddddddddd");
    EXPECT_EQ(cache.get("d", 100), "") << "expired";
    cache.put("b", "again", 100);
    EXPECT_EQ(cache.get("b", 50), "again");
    cache.remove("b");
    EXPECT_EQ(cache.get("b", 50), "");
    cache.put("large", std::string(1000, 'x'), 100);
    EXPECT_EQ(cache.get("large", 50), "");
}

TEST(SessionCacheTest, GoesOnElsewhereInItsOrder) {
    SessionCache before(10'000), after(2 * 160);
    for (auto* id : {"a", "b", "c"}) before.put(id, std::string(10, *id), 100);
    after.restore(before.save());
    EXPECT_EQ(after.get("a", 50), "") << "there is room for the recent two";
    EXPECT_EQ(after.get("c", 50), "cccccccccc");
    after.restore("nonsense");
    EXPECT_EQ(after.get("c", 50), "cccccccccc");
}

}  // namespace
}  // namespace bext::tls
