#include "base/text.h"

#include <gtest/gtest.h>

namespace bext {
namespace {

TEST(Text, IgnoresAsciiCaseOnly) {
    EXPECT_TRUE(iequals("Content-LENGTH", "content-length"));
    EXPECT_FALSE(iequals("a", "ab"));
    EXPECT_FALSE(iequals("[", "{"));  // they differ in the bit of the case
    EXPECT_FALSE(iequals("\xc4", "\xe4"));
    EXPECT_TRUE(istarts_with("Basic abc", "bAsIc "));
    EXPECT_FALSE(istarts_with("Bas", "basic"));
    EXPECT_EQ(ifind("no-cache, PRIVATE", "private"), 10u);
    EXPECT_EQ(ifind("priv", "private"), std::string_view::npos);
    EXPECT_EQ(lower("A-Z\xc4"), "a-z\xc4");
    EXPECT_EQ(ihash("Host"), ihash("hOST"));
    EXPECT_NE(ihash("Host"), ihash("Hosu"));
}

TEST(Text, Decimal) {
    EXPECT_EQ(parse_decimal("0"), 0u);
    EXPECT_EQ(parse_decimal("007"), 7u);
    EXPECT_EQ(parse_decimal("9223372036854775807"), static_cast<std::uint64_t>(INT64_MAX));
    EXPECT_EQ(parse_decimal("65535", 65535), 65535u);
    for (auto bad : {"", "-1", "+1", " 1", "1 ", "1x", "x", "9223372036854775808", "99999999999999999999999"})
        EXPECT_FALSE(parse_decimal(bad)) << bad;
    EXPECT_FALSE(parse_decimal("65536", 65535));
    char out[20];
    EXPECT_EQ(std::string_view(out, static_cast<std::size_t>(put_decimal(out, UINT64_MAX) - out)), "18446744073709551615");
    EXPECT_EQ(std::string_view(out, static_cast<std::size_t>(put_decimal(out, 0) - out)), "0");
}

TEST(Text, Hexadecimal) {
    EXPECT_EQ(parse_hex("fF09"), 0xff09u);
    EXPECT_EQ(parse_hex("ffffffffffffffff"), UINT64_MAX);
    for (auto bad : {"", "g", "0x1", "-1", "00000000000000000"}) EXPECT_FALSE(parse_hex(bad)) << bad;
}

TEST(Text, SplitsJoinsAndTrims) {
    EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
    EXPECT_EQ(split("", ','), std::vector<std::string_view>{""});
    EXPECT_EQ(cat({"a", "", "bc"}), "abc");
    EXPECT_EQ(trim(" \t a b\t "), "a b");
    EXPECT_EQ(trim(" \t "), "");
    EXPECT_EQ(trim("--a-", "-"), "a");
}

TEST(Text, ManyTextsAreToldByTheFirstOnes) {
    EXPECT_EQ(some_of({}), "");
    EXPECT_EQ(some_of({"a", "b", "c"}), "a, b, c");
    EXPECT_EQ(some_of({"a", "b", "c", "d"}), "a, b, c and 1 more");
    EXPECT_EQ(some_of({"a", "b", "c"}, 1, "; "), "a and 2 more");
}

TEST(Text, ALineHasNoControlCharacters) { EXPECT_EQ(one_line("a\tb\r\n\x1b c\n"), "a b    c "); }

}  // namespace
}  // namespace bext
