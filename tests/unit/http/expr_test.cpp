// Strings with variables and captures, and the rewrite script that uses them.
#include "http/expr.h"

#include <gtest/gtest.h>

#include "http/builder.h"
#include "support/memory_site.h"

namespace bext::http {
namespace {

struct ExprTest : testing::Test {
    /// The answer of a location that returns `text`, for /abc?x=1&y=2 with $1 = "bc".
    std::string value(const std::string& text) { return answer("location ~ ^/a(.*) { set $v val; return 200 \"" + text + "\"; }").body; }
    tests::Answer answer(const std::string& body) {
        auto read = tests::read_configuration("events {} http { error_log /t/e emerg; access_log off; server { listen 1; " + body + " } }");
        if (!read) return {false, 0, {}, read.error().text, {}, {}};
        return tests::MemorySite(thread, read->site).get("/abc", "x=1&y=2", "h", [](Request&) {});
    }
    Thread thread;
};

TEST_F(ExprTest, VariablesAndCaptures) {
    EXPECT_EQ(value("plain"), "plain");
    EXPECT_EQ(value("$v"), "val");
    EXPECT_EQ(value("$uri-${v}x$V."), "/abc-valxval.");
    EXPECT_EQ(value("[$1$2$9]"), "[bc]");
    EXPECT_EQ(value("$arg_x$arg_none${arg_y}"), "12");
    EXPECT_EQ(value("$10"), "bc0");
}

TEST_F(ExprTest, MoreThanAFewParts) {
    std::string text, expected;
    for (int i = 0; i < 50; ++i) {
        text += "$v,";
        expected += "val,";
    }
    EXPECT_EQ(value(text), expected);
}

TEST_F(ExprTest, Errors) {
    EXPECT_EQ(value("a$"), "invalid variable name in /t/nginx.conf:1");
    EXPECT_EQ(value("a$-b"), "invalid variable name in /t/nginx.conf:1");
    EXPECT_EQ(value("${}"), "invalid variable name in /t/nginx.conf:1");
    EXPECT_EQ(value("${v"), "the closing bracket in \"v\" variable is missing in /t/nginx.conf:1");
    EXPECT_EQ(value("${v-}"), "the closing bracket in \"v\" variable is missing in /t/nginx.conf:1");
    EXPECT_EQ(value("$none"), "unknown \"none\" variable");
    EXPECT_EQ(value("$0"), "unknown \"0\" variable");  // $1 … $9 only, and without braces
    EXPECT_EQ(value("${1}"), "unknown \"1\" variable");
}

TEST_F(ExprTest, ACycleOfVariablesEnds) {
    auto found = tests::read_configuration(
        "events {} http { error_log /t/e emerg; map $b $a { default $b; } map $a $b { default x$a; } server { listen 1; return 200 [$a]; } }");
    ASSERT_TRUE(found) << found.error().text;
    EXPECT_EQ(tests::MemorySite(thread, found->site).get("/").body, "[x]");
}

TEST_F(ExprTest, Rewrites) {
    auto end = " location /to/ { return 200 $uri?$args; }";
    auto rewritten = [&](const std::string& rule) { return answer("rewrite " + rule + ";" + end); };
    EXPECT_EQ(rewritten("^/a(.*)$ /to/$1").body, "/to/bc?x=1&y=2");
    EXPECT_EQ(rewritten("^/a(.*)$ /to/?z=$1").body, "/to/?z=bc&x=1&y=2");
    EXPECT_EQ(rewritten("^/a(.*)$ /to/?z=$1? last").body, "/to/?z=bc");
    EXPECT_EQ(rewritten("^/a(.*)$ /to/?").body, "/to/?");
    EXPECT_EQ(rewritten("^/(?<name>.).*$ /to/$name").body, "/to/a?x=1&y=2");
    EXPECT_EQ(rewritten("^/a http://h/$arg_x? permanent").location, "http://h/1");
    EXPECT_EQ(rewritten("^/a $scheme://h/ last").status, 302);
    EXPECT_EQ(rewritten("^ $arg_none").status, 500);  // nothing is left
    EXPECT_EQ(answer("location / { rewrite ^ /again last; }").status, 500);  // goes round
}

}  // namespace
}  // namespace bext::http
