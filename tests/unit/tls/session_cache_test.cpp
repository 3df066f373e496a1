#include "tls/session_cache.h"

#include <gtest/gtest.h>

#include <cstring>

#include "tls/ticket_keys.h"

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

TEST(TicketKeysTest, AKeyIsUsedForALifetimeAndKnownForAnother) {
    TicketKeys keys(300);
    TicketKey first, second, third, found;
    bool older = false;
    ASSERT_TRUE(keys.current(first, 1000));
    ASSERT_TRUE(keys.current(second, 1299));
    EXPECT_EQ(std::memcmp(first.name, second.name, sizeof first.name), 0);
    ASSERT_TRUE(keys.current(second, 1300));
    EXPECT_NE(std::memcmp(first.name, second.name, sizeof first.name), 0);
    ASSERT_TRUE(keys.find(first.name, found, older));
    EXPECT_TRUE(older) << "its tickets are renewed";
    EXPECT_EQ(std::memcmp(found.aes, first.aes, sizeof first.aes), 0);
    ASSERT_TRUE(keys.current(third, 1600));
    EXPECT_FALSE(keys.find(first.name, found, older));
    ASSERT_TRUE(keys.find(third.name, found, older));
    EXPECT_FALSE(older);
}

TEST(TicketKeysTest, GoOnElsewhere) {
    TicketKeys before(300), after(300);
    TicketKey key, found;
    bool older = false;
    ASSERT_TRUE(before.current(key, 1000));
    after.restore(before.save());
    ASSERT_TRUE(after.find(key.name, found, older));
    EXPECT_EQ(std::memcmp(&found, &key, sizeof key), 0);
    after.restore(std::string_view(before.save()).substr(0, 20));
    EXPECT_TRUE(after.find(key.name, found, older)) << "damage changes nothing";
}

}  // namespace
}  // namespace bext::tls
