#include "conf/units.h"

#include <gtest/gtest.h>

namespace bext::conf {
namespace {

TEST(Units, Sizes) {
    EXPECT_EQ(parse_size("0"), 0u);
    EXPECT_EQ(parse_size("4k"), 4096u);
    EXPECT_EQ(parse_size("4K"), 4096u);
    EXPECT_EQ(parse_size("2M"), 2u << 20);
    EXPECT_EQ(parse_file_size("3g"), std::int64_t{3} << 30);
    EXPECT_EQ(parse_file_size("9223372036854775807"), INT64_MAX);
    for (auto bad : {"", "k", "-1", "1kk", "1 k", "1b", "1.5k", "9223372036854775807k"}) {
        EXPECT_FALSE(parse_size(bad)) << bad;
        EXPECT_FALSE(parse_file_size(bad)) << bad;
    }
    EXPECT_FALSE(parse_size("1g"));  // not in memory
}

TEST(Units, Times) {
    EXPECT_EQ(parse_millis("5"), Millis(5000));
    EXPECT_EQ(parse_millis("5ms"), Millis(5));
    EXPECT_EQ(parse_millis("1h30m"), Millis(5400000));
    EXPECT_EQ(parse_millis("1d 2h"), Millis(93600000));
    EXPECT_EQ(parse_millis("1m 5"), Millis(65000));
    EXPECT_EQ(parse_millis("1s 5ms"), Millis(1005));
    EXPECT_EQ(parse_seconds("1y 1M 1w 1d"), Seconds((365 + 30 + 7 + 1) * 86400));
    EXPECT_EQ(parse_seconds("0"), Seconds(0));
    for (auto bad : {"", "-1", "s", "1x", "1s1m", "1m1m", "1s 5", "1 5m", "ms", "99999999999999999999"}) {
        EXPECT_FALSE(parse_millis(bad)) << bad;
        EXPECT_FALSE(parse_seconds(bad)) << bad;
    }
    EXPECT_FALSE(parse_seconds("5ms"));
    EXPECT_FALSE(parse_millis("1y"));
    EXPECT_FALSE(parse_millis("1M"));
}

}  // namespace
}  // namespace bext::conf
