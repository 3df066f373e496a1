// The Range header with nginx's rules.
#include "http/ranges.h"

#include <gtest/gtest.h>

#include <string>

namespace bext::http {
namespace {

std::string ranges(std::string_view header, std::uint64_t length = 1000, std::uint32_t max = kMaxRangesUnset) {
    std::vector<ByteRange> out;
    switch (parse_ranges(header, length, max, out)) {
        case RangeVerdict::kWhole: return "200";
        case RangeVerdict::kUnsatisfiable: return "416";
        case RangeVerdict::kPartial: break;
    }
    std::string text;
    for (const ByteRange& range : out) text += std::to_string(range.begin) + "-" + std::to_string(range.end) + " ";
    return text;
}

TEST(Ranges, One) {
    EXPECT_EQ(ranges("bytes=0-0"), "0-1 ");
    EXPECT_EQ(ranges("bytes=0-"), "0-1000 ");
    EXPECT_EQ(ranges("BYTES=10-19"), "10-20 ");
    EXPECT_EQ(ranges("bytes= 10 - 19 "), "10-20 ");
    EXPECT_EQ(ranges("bytes=10-5000"), "10-1000 ");
    EXPECT_EQ(ranges("bytes=999-"), "999-1000 ");
    EXPECT_EQ(ranges("bytes=-1"), "999-1000 ");
    EXPECT_EQ(ranges("bytes=-1000"), "0-1000 ");
    EXPECT_EQ(ranges("bytes=-9000"), "0-1000 ");
    EXPECT_EQ(ranges("bytes=0-9223372036854775807"), "0-1000 ");
}

TEST(Ranges, Several) {
    EXPECT_EQ(ranges("bytes=0-0,5-9, -1"), "0-1 5-10 999-1000 ");
    EXPECT_EQ(ranges("bytes=9-9,0-0"), "9-10 0-1 ");
    EXPECT_EQ(ranges("bytes=2000-,5-9"), "5-10 ");
    EXPECT_EQ(ranges("bytes=9-5,5-9"), "5-10 ");
    EXPECT_EQ(ranges("bytes=-0,5-9"), "5-10 ");
    EXPECT_EQ(ranges("bytes=0-499,500-999"), "0-500 500-1000 ");
}

TEST(Ranges, Whole) {
    EXPECT_EQ(ranges(""), "200");
    EXPECT_EQ(ranges("bytes="), "200");
    EXPECT_EQ(ranges("bytes"), "200");
    EXPECT_EQ(ranges("lines=0-1"), "200");
    EXPECT_EQ(ranges("bytes=0-499,400-999"), "200");
    EXPECT_EQ(ranges("bytes=0-,0-"), "200");
    EXPECT_EQ(ranges("bytes=0-0", 0), "200");
    EXPECT_EQ(ranges("bytes=-5", 0), "200");
}

TEST(Ranges, Unsatisfiable) {
    for (const auto header : {"bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=x", "bytes=1", "bytes=1-x",
                              "bytes=-", "bytes=--1", "bytes=1-2x", "bytes=1-2,", "bytes=1-2,x", "bytes=,1-2",
                              "bytes=\t1-2", "bytes=9-5", "bytes=9223372036854775808-", "bytes=1-9223372036854775808",
                              "bytes=-9223372036854775808", "bytes=99999999999999999999999-", "bytes=1-2;3-4"})
        EXPECT_EQ(ranges(header), "416") << header;
    EXPECT_EQ(ranges("bytes=1-", 0), "416");
    // CVE-2017-7529: a sum of suffixes that overflows.
    EXPECT_EQ(ranges("bytes=-9223372036854775807,-9223372036854775807", INT64_MAX), "416");
}

TEST(Ranges, Limits) {
    EXPECT_EQ(ranges("bytes=0-0", 1000, 0), "200");
    EXPECT_EQ(ranges("bytes=0-0,2-2", 1000, 1), "200");
    EXPECT_EQ(ranges("bytes=0-0,2000-", 1000, 1), "0-1 ");
    EXPECT_EQ(ranges("bytes=0-0,2-2", 1000, 2), "0-1 2-3 ");
    std::string many = "bytes=0-0";
    for (int i = 1; i < 20; ++i) many += "," + std::to_string(i * 2) + "-" + std::to_string(i * 2);
    EXPECT_EQ(ranges(many, 100), "200");
    EXPECT_NE(ranges(many, 100, 50), "200");
    EXPECT_NE(ranges(many, 100000), "200");
}

}  // namespace
}  // namespace bext::http
