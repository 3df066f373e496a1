#include "http/regex.h"

#include <gtest/gtest.h>

namespace bext::http {
namespace {

std::shared_ptr<const Regex> regex(const std::string& pattern, bool ignore_case = false) {
    auto made = Regex::compile(pattern, ignore_case);
    EXPECT_TRUE(made) << pattern;
    return made ? *made : nullptr;
}

TEST(Regex, Captures) {
    Arena arena;
    Captures captures;
    auto r = regex("(a+)(x)?(b*)");
    ASSERT_EQ(r->match("--aac", arena, captures), 1);
    EXPECT_EQ(r->groups(), 3u);
    EXPECT_EQ(captures[0], "aa");
    EXPECT_EQ(captures[1], "aa");
    EXPECT_FALSE(captures.has(2));
    EXPECT_EQ(captures[2], "");
    EXPECT_TRUE(captures.has(3));
    EXPECT_EQ(captures[3], "");
    EXPECT_FALSE(captures.has(4));
    EXPECT_EQ(captures[9], "");
}

TEST(Regex, AFailedMatchLeavesTheCaptures) {
    Arena arena;
    Captures captures;
    ASSERT_EQ(regex("(.)")->match("z", arena, captures), 1);
    EXPECT_EQ(regex("(q)")->match("z", arena, captures), 0);
    EXPECT_EQ(captures[1], "z");
}

TEST(Regex, CaseAndNames) {
    EXPECT_TRUE(regex("^abc$", true)->matches("ABC"));
    EXPECT_FALSE(regex("^abc$")->matches("ABC"));
    auto named = regex("(?<year>\\d+)-(?P<month>\\d+)");
    ASSERT_EQ(named->named().size(), 2u);
    for (auto& group : named->named()) EXPECT_EQ(group.number, group.name == "year" ? 1u : 2u);
}

TEST(Regex, BadPatterns) {
    EXPECT_EQ(Regex::compile("a(b", false).error().text, "pcre2_compile() failed: missing closing parenthesis in \"a(b\"");
    EXPECT_EQ(Regex::compile("a*+*b", false).error().text,
              "pcre2_compile() failed: quantifier does not follow a repeatable item in \"a*+*b\" at \"*b\"");
}

TEST(Regex, RunawayMatchingIsAnError) {
    Arena arena;
    Captures captures;
    EXPECT_LT(regex("^(a+)+(a+)+(a+)+$")->match(std::string(60, 'a') + "b", arena, captures), 0);
}

}  // namespace
}  // namespace bext::http
