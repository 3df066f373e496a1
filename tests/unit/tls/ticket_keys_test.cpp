#include "tls/ticket_keys.h"

#include <gtest/gtest.h>

#include <string>

namespace bext::tls {
namespace {

std::string name(const TicketKey& key) { return {reinterpret_cast<const char*>(key.name), sizeof key.name}; }

TEST(TicketKeys, OneKeyWhileItsFirstSessionsLast) {
    TicketKeyRing ring;
    auto first = ring.keys(1000, 10);
    EXPECT_EQ(name(first[0]), name(first[1]));
    EXPECT_EQ(name(ring.keys(1010, 10)[0]), name(first[0]));
}

TEST(TicketKeys, ChangeWhenTheOneBeforeIsNotNeeded) {
    TicketKeyRing ring;
    auto first = ring.keys(1000, 10);
    ring.keys(1005, 10);  // needed until 1015
    auto second = ring.keys(1011, 10);
    EXPECT_NE(name(second[0]), name(first[0]));
    EXPECT_EQ(name(second[1]), name(first[0]));  // what it encrypted can still be read
    EXPECT_EQ(name(ring.keys(1015, 10)[0]), name(second[0]));
    auto third = ring.keys(1016, 10);
    EXPECT_NE(name(third[0]), name(second[0]));
    EXPECT_EQ(name(third[1]), name(second[0]));
}

TEST(TicketKeys, TwoRingsDiffer) {
    TicketKeyRing one, other;
    EXPECT_NE(name(one.keys(1, 1)[0]), name(other.keys(1, 1)[0]));
}

TEST(TicketKeys, GoOnInAnotherProcess) {
    TicketKeyRing before, after;
    before.keys(1000, 10);
    before.keys(1005, 10);
    auto keys = before.keys(1011, 10);
    after.restore(before.save());
    EXPECT_EQ(name(after.keys(1012, 10)[0]), name(keys[0]));
    EXPECT_EQ(name(after.keys(1012, 10)[1]), name(keys[1]));
    after.restore(std::string_view(TicketKeyRing().save()));
    auto other = TicketKeyRing();
    other.keys(1, 1);
    after.restore(std::string_view(other.save()).substr(0, 60));
    EXPECT_EQ(name(after.keys(1012, 10)[0]), name(keys[0]));
}

}  // namespace
}  // namespace bext::tls
