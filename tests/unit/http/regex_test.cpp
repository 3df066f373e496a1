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
    EXPECT_EQ(regex("^abc$", true)->test("ABC"), 1);
    EXPECT_EQ(regex("^abc$")->test("ABC"), 0);
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
    auto subject = std::string(60, 'a') + "b";
    EXPECT_LT(regex("^(a+)+(a+)+(a+)+$")->match(subject, arena, captures), 0);
    EXPECT_LT(regex("^(a+)+(a+)+(a+)+$")->test(subject), 0);
    auto limited = Regex::compile("(*LIMIT_MATCH=1)(a+)+[bc]", false, " in /etc/nginx/nginx.conf:7");
    ASSERT_TRUE(limited);
    EXPECT_EQ((*limited)->failure((*limited)->test("aaa"), "aaa"),
              "pcre2_match() failed: -47 on \"aaa\" using \"(*LIMIT_MATCH=1)(a+)+[bc]\" in /etc/nginx/nginx.conf:7");
}

}  // namespace
}  // namespace bext::http
