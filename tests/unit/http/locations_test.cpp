// Which location serves a URI: each answers with its own name.
#include <gtest/gtest.h>

#include "support/memory_site.h"

namespace bext::http {
namespace {

struct LocationsTest : testing::Test {
    std::string serve(const std::string& locations, std::string_view uri) {
        auto read = tests::read_configuration("events {} http { error_log /t/e emerg; access_log off; server { listen 1; " + locations + " } }");
        if (!read) return read.error().text;
        auto answer = tests::MemorySite(thread, read->site).get(uri);
        return answer.body.empty() || answer.status != 200 ? std::to_string(answer.status) + " " + answer.location : answer.body;
    }
    Thread thread;
};

constexpr auto kPrecedence =
    "location / { return 200 root; } location = / { return 200 exact; } location /a { return 200 a; }"
    "location /a/b { return 200 ab; } location ^~ /a/still { return 200 still; } location ~ \\.x$ { return 200 x; }"
    "location ~* \\.X { return 200 anycase; } location = /a/b.x { return 200 exactx; }";

TEST_F(LocationsTest, Precedence) {
    EXPECT_EQ(serve(kPrecedence, "/"), "exact");
    EXPECT_EQ(serve(kPrecedence, "/none"), "root");
    EXPECT_EQ(serve(kPrecedence, "/a"), "a");
    EXPECT_EQ(serve(kPrecedence, "/abc"), "a");
    EXPECT_EQ(serve(kPrecedence, "/a/bc"), "ab");
    EXPECT_EQ(serve(kPrecedence, "/a/b.x"), "exactx");
    EXPECT_EQ(serve(kPrecedence, "/a/c.x"), "x");
    EXPECT_EQ(serve(kPrecedence, "/a/c.Xy"), "anycase");
    EXPECT_EQ(serve(kPrecedence, "/a/still/c.x"), "still");
    EXPECT_EQ(serve(kPrecedence, "/A"), "root");
}

TEST_F(LocationsTest, NamesThatBeginOthers) {
    auto all = "location /ab { return 200 ab; } location /a { return 200 a; } location /abcd { return 200 abcd; }"
               "location /abd { return 200 abd; } location /ac { return 200 ac; }";
    EXPECT_EQ(serve(all, "/abcc"), "ab");
    EXPECT_EQ(serve(all, "/abcde"), "abcd");
    EXPECT_EQ(serve(all, "/abdx"), "abd");
    EXPECT_EQ(serve(all, "/aba"), "ab");
    EXPECT_EQ(serve(all, "/ad"), "a");
    EXPECT_EQ(serve(all, "/b"), "404 ");
}

TEST_F(LocationsTest, Nested) {
    auto all = "location /a/ { return 200 a; location /a/b { return 200 ab; } location ~ \\.x$ { return 200 ax; } }"
               "location ~ \\.x$ { return 200 x; location ~ y { return 200 xy; } }"
               "location ^~ /c/ { location ~ \\.x$ { return 200 cx; } }";
    EXPECT_EQ(serve(all, "/a/b"), "ab");
    EXPECT_EQ(serve(all, "/a/q.x"), "ax");  // the inner ones come first
    EXPECT_EQ(serve(all, "/q.x"), "x");
    EXPECT_EQ(serve(all, "/y.x"), "xy");
    EXPECT_EQ(serve(all, "/c/q.x"), "cx");
}

TEST_F(LocationsTest, CapturesOfTheLocation) {
    EXPECT_EQ(serve("location ~ ^/(?<who>[a-z]+)/(.*)$ { return 200 $who-$2; }", "/me/rest"), "me-rest");
    EXPECT_EQ(serve("location ~ ^/(a)(b)? { return 200 \"[$1][$2][$3]\"; }", "/a"), "[a][][]");
}

TEST_F(LocationsTest, RefusedWhereTheyCannotBeReached) {
    EXPECT_EQ(serve("location /a { location /b {} }", "/"), "location \"/b\" is outside location \"/a\" in /t/nginx.conf:1");
    EXPECT_EQ(serve("location = /a { location /a {} }", "/"), "location \"/a\" cannot be inside the exact location \"/a\" in /t/nginx.conf:1");
    EXPECT_EQ(serve("location /a { location @b {} }", "/"), "named location \"@b\" can be on the server level only in /t/nginx.conf:1");
}

}  // namespace
}  // namespace bext::http
