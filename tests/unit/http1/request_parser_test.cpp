// The request line parser against nginx's grammar, whole and in pieces.
#include "http1/request_parser.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

using namespace std::literals;

namespace bext::http1 {
namespace {

struct Outcome {
    Parse verdict = Parse::kAgain;
    std::size_t consumed = 0;
    std::size_t start = 0;
    std::string line, method, target, path, args, scheme, host, protocol;
    int minor = 0;
    bool http09 = false, has_host = false, complex = false, plus = false, connect = false;

    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
    return out << static_cast<int>(o.verdict) << " used " << o.consumed << " start " << o.start << " [" << o.line
               << "] " << o.method << " target " << o.target << " path " << o.path << " args " << o.args << " host "
               << o.host;
}

Outcome outcome(Parse verdict, const RequestLineParser& parser, const std::string& bytes) {
    Outcome o;
    o.verdict = verdict;
    if (verdict != Parse::kDone) return o;
    const RequestLine r = parser.result(bytes.data());
    o.consumed = parser.consumed();
    o.start = parser.start();
    o.line = r.line;
    o.method = r.method;
    o.target = r.target;
    o.path = r.path;
    o.args = r.args;
    o.scheme = r.scheme;
    o.host = r.host;
    o.protocol = r.protocol;
    o.minor = r.minor;
    o.http09 = r.http09;
    o.has_host = r.has_host;
    o.complex = r.complex;
    o.plus = r.plus;
    o.connect = r.connect;
    return o;
}

// Feeds the bytes up to each of `cuts` and then all; a new buffer each time, since the caller may move the line.
Outcome feed_cut(std::string_view text, std::vector<std::size_t> cuts) {
    RequestLineParser parser;
    cuts.push_back(text.size());
    Parse verdict = Parse::kAgain;
    std::string bytes;
    for (const std::size_t cut : cuts) {
        bytes = std::string(text.substr(0, cut));
        verdict = parser.feed(bytes.data(), bytes.size());
        if (verdict != Parse::kAgain) break;
    }
    return outcome(verdict, parser, bytes);
}

// Parses `text` whole and checks that no segmentation changes the result.
Outcome parse(std::string_view text) {
    const Outcome whole = feed_cut(text, {});
    std::vector<std::size_t> every;
    for (std::size_t i = 1; i < text.size(); ++i) {
        every.push_back(i);
        EXPECT_EQ(feed_cut(text, {i}), whole) << text << " cut at " << i;
    }
    EXPECT_EQ(feed_cut(text, every), whole) << text << " byte by byte";
    return whole;
}

TEST(RequestParser, Plain) {
    const auto o = parse("GET /a/b.c HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(o.verdict, Parse::kDone);
    EXPECT_EQ(o.line, "GET /a/b.c HTTP/1.1");
    EXPECT_EQ(o.method, "GET");
    EXPECT_EQ(o.target, "/a/b.c");
    EXPECT_EQ(o.path, "/a/b.c");
    EXPECT_EQ(o.args, "");
    EXPECT_EQ(o.protocol, "HTTP/1.1");
    EXPECT_EQ(o.minor, 1);
    EXPECT_EQ(o.consumed, 21u);
    EXPECT_FALSE(o.complex || o.http09 || o.has_host || o.plus);
}

TEST(RequestParser, Arguments) {
    const auto o = parse("POST /a?b=//c?d%20/.e+ HTTP/1.0\n");
    EXPECT_EQ(o.verdict, Parse::kDone);
    EXPECT_EQ(o.path, "/a");
    EXPECT_EQ(o.args, "b=//c?d%20/.e+");
    EXPECT_EQ(o.minor, 0);
    EXPECT_FALSE(o.complex);
    EXPECT_FALSE(o.plus);
    EXPECT_EQ(parse("GET /a? HTTP/1.1\r\n").args, "");
    EXPECT_EQ(parse("GET /a? HTTP/1.1\r\n").target, "/a?");
}

TEST(RequestParser, WhatNeedsNormalising) {
    for (const auto target : {"//", "/a//b", "/.", "/./a", "/a/..", "/%41", "/a#b", "/a?b#c", "/a%"})
        EXPECT_TRUE(parse("GET "s + target + " HTTP/1.1\r\n").complex) << target;
    for (const auto target : {"/", "/a/", "/a.b", "/a..", "/a?b//c", "/a?%41", "/a?/../", "/a\xff\"<>", "/+.x"})
        EXPECT_FALSE(parse("GET "s + target + " HTTP/1.1\r\n").complex) << target;
    EXPECT_TRUE(parse("GET /a+b HTTP/1.1\r\n").plus);
    EXPECT_FALSE(parse("GET /a?+ HTTP/1.1\r\n").plus);
}

TEST(RequestParser, LongTargetsAtEveryLength) {
    for (std::size_t n = 0; n < 70; ++n) {
        const std::string target = "/" + std::string(n, 'x');
        EXPECT_EQ(feed_cut("GET " + target + " HTTP/1.1\r\n\r\n", {}).target, target);
        EXPECT_TRUE(feed_cut("GET " + target + "//y HTTP/1.1\r\n\r\n", {}).complex);
        EXPECT_EQ(feed_cut("GET " + target + "?y HTTP/1.1\r\n", {}).args, "y");
        EXPECT_EQ(feed_cut("GET " + target + "\x7f HTTP/1.1\r\n", {}).verdict, Parse::kInvalid);
        EXPECT_EQ(feed_cut("GET " + target, {}).verdict, Parse::kAgain);
        EXPECT_EQ(feed_cut("GET " + target + " HTTP/1.1\r", {}).verdict, Parse::kAgain);
    }
}

TEST(RequestParser, LeadingEmptyLinesAreSkipped) {
    const auto o = parse("\r\n\n\rGET / HTTP/1.1\r\n");
    EXPECT_EQ(o.verdict, Parse::kDone);
    EXPECT_EQ(o.start, 4u);
    EXPECT_EQ(o.consumed, 20u);
    EXPECT_EQ(o.line, "GET / HTTP/1.1");
    EXPECT_EQ(parse("\r\n\r\n").verdict, Parse::kAgain);
    EXPECT_EQ(parse(" GET / HTTP/1.1\r\n").verdict, Parse::kInvalidMethod);
}

TEST(RequestParser, DropLeading) {
    RequestLineParser parser;
    std::string bytes = "\r\n\r\n";
    EXPECT_EQ(parser.feed(bytes.data(), bytes.size()), Parse::kAgain);
    EXPECT_EQ(parser.drop_leading(), 4u);
    bytes = "\nGET http://h:1/a?b#c";
    EXPECT_EQ(parser.feed(bytes.data(), bytes.size()), Parse::kAgain);
    EXPECT_EQ(parser.drop_leading(), 1u);
    bytes = "GET http://h:1/a?b#c HTTP/1.1\r\n";
    ASSERT_EQ(parser.feed(bytes.data(), bytes.size()), Parse::kDone);
    const RequestLine r = parser.result(bytes.data());
    EXPECT_EQ(r.line, "GET http://h:1/a?b#c HTTP/1.1");
    EXPECT_EQ(r.host, "h:1");
    EXPECT_EQ(r.scheme, "http");
    EXPECT_EQ(r.target, "/a?b#c");
    EXPECT_EQ(parser.consumed(), bytes.size());
}

TEST(RequestParser, StartsOverAfterALine) {
    RequestLineParser parser;
    const std::string first = "\nGET http://h/?+ HTTP/1.0 \r\n";
    const std::string second = "PUT /b HTTP/1.1\r\n";
    ASSERT_EQ(parser.feed(first.data(), first.size()), Parse::kDone);
    ASSERT_EQ(parser.feed(second.data(), second.size()), Parse::kDone);
    EXPECT_EQ(outcome(Parse::kDone, parser, second), feed_cut(second, {}));
}

TEST(RequestParser, ViewsOfAnInvalidLineStayInside) {
    for (const auto text : {"\r\nGET /a?b \x01", "\n\nG@", "\nGET http://h:1/a?b#c HTTP/3"}) {
        const std::string bytes = text;
        RequestLineParser parser;
        EXPECT_NE(parser.feed(bytes.data(), bytes.size()), Parse::kDone);
        const RequestLine r = parser.result(bytes.data());
        for (const auto view : {r.line, r.method, r.target, r.path, r.args, r.scheme, r.host, r.protocol})
            EXPECT_LE(view.size(), bytes.size());
    }
}

TEST(RequestParser, Http09) {
    for (const auto text : {"GET /x\r\n", "GET /x\n", "GET /x \r\n", "GET /x   \n"}) {
        const auto o = parse(text);
        EXPECT_EQ(o.verdict, Parse::kDone) << text;
        EXPECT_TRUE(o.http09);
        EXPECT_EQ(o.target, "/x");
        EXPECT_EQ(o.protocol, "");
        EXPECT_EQ(o.minor, 9);
    }
    EXPECT_EQ(parse("POST /x\r\n").verdict, Parse::kInvalid09);
    EXPECT_EQ(parse("CONNECT h:1\r\n").verdict, Parse::kInvalid);
    EXPECT_EQ(parse("CONNECT h:1 \r\n").verdict, Parse::kInvalid09);
}

TEST(RequestParser, Versions) {
    EXPECT_EQ(parse("GET / HTTP/1.9\r\n").minor, 9);
    EXPECT_EQ(parse("GET / HTTP/1.10\r\n").minor, 10);
    EXPECT_EQ(parse("GET / HTTP/1.01\r\n").minor, 1);
    EXPECT_EQ(parse("GET / HTTP/1.999\r\n").minor, 999);
    EXPECT_EQ(parse("GET / HTTP/1.1  \r\n").protocol, "HTTP/1.1  ");
    for (const auto version : {"HTTP/2.0", "HTTP/9", "HTTP/11.1", "HTTP/10.1"})
        EXPECT_EQ(parse("GET / "s + version + "\r\n").verdict, Parse::kInvalidVersion) << version;
    for (const auto version : {"HTTP/0.9", "HTTP/01.1", "http/1.1", "HTTP/1", "HTTP/1.", "HTTP/1.1x", "HTTP/1.1\r\r",
                               "HTTP/1.1 x", "HTTP/1.9999", "HTTP/.1", "HTTP 1.1", "HTTP/a", "XTTP/1.1", "HTTP/1.1\t"})
        EXPECT_EQ(parse("GET / "s + version + "\r\n").verdict, Parse::kInvalid) << version;
}

TEST(RequestParser, Methods) {
    EXPECT_EQ(parse("M-_X / HTTP/1.1\r\n").method, "M-_X");
    EXPECT_EQ(parse("GET    /   HTTP/1.1\r\n").verdict, Parse::kDone);
    for (const auto text : {"get / HTTP/1.1\r\n", "GET1 / HTTP/1.1\r\n", "G!T / HTTP/1.1\r\n", "GET\t/\tHTTP/1.1\r\n",
                            "GET\r\n", "@ / HTTP/1.1\r\n"})
        EXPECT_EQ(parse(text).verdict, Parse::kInvalidMethod) << text;
}

TEST(RequestParser, BadTargets) {
    for (const auto target : {"*"sv,          "?x"sv,          "/a b"sv,      "/a Hb"sv,    "/a\tb"sv,  "/a\0b"sv,
                              "/a\x01"sv,     "/a\x7f"sv,      "/\x1f"sv,     "x"sv,        "x:"sv,     "x:/y"sv,
                              "x!://h/"sv,    "x:// /"sv,      "x://h\\/"sv,  "x://u@h/"sv, "x://h#"sv, "x://[::1/"sv,
                              "x://[a b]/"sv, "x://[::1]x/"sv, "x://h:1x/"sv, "x://a_b/"sv, ""sv})
        EXPECT_EQ(parse("GET " + std::string(target) + " HTTP/1.1\r\n").verdict, Parse::kInvalid) << target;
    EXPECT_EQ(parse("GET /a\rb HTTP/1.1\r\n").verdict, Parse::kInvalid);
}

TEST(RequestParser, AbsoluteForm) {
    auto o = parse("GET http://Abs:80/x?y HTTP/1.1\r\n");
    EXPECT_EQ(o.verdict, Parse::kDone);
    EXPECT_EQ(o.scheme, "http");
    EXPECT_EQ(o.host, "Abs:80");
    EXPECT_EQ(o.target, "/x?y");
    EXPECT_EQ(o.path, "/x");
    EXPECT_EQ(o.args, "y");
    EXPECT_EQ(o.line, "GET http://Abs:80/x?y HTTP/1.1");
    EXPECT_FALSE(o.complex);

    o = parse("GET a+b-1.://[::1]:8 HTTP/1.1\r\n");
    EXPECT_EQ(o.scheme, "a+b-1.");
    EXPECT_EQ(o.host, "[::1]:8");
    EXPECT_EQ(o.target, "/");
    EXPECT_EQ(o.path, "/");

    o = parse("GET http://abs?q HTTP/1.1\r\n");
    EXPECT_EQ(o.target, "?q");
    EXPECT_TRUE(o.complex);

    EXPECT_TRUE(parse("GET http:///x HTTP/1.1\r\n").has_host);
    EXPECT_EQ(parse("GET http:///x HTTP/1.1\r\n").host, "");
    EXPECT_EQ(parse("GET http://h:/x HTTP/1.1\r\n").host, "h:");
    EXPECT_EQ(parse("GET http://h:?x HTTP/1.1\r\n").target, "?x");
    EXPECT_TRUE(parse("GET http://h/a/../b HTTP/1.1\r\n").complex);
    EXPECT_EQ(parse("GET http://h \r\n").target, "/");
}

TEST(RequestParser, Connect) {
    const auto o = parse("CONNECT  h:443 HTTP/1.1\r\n");
    EXPECT_EQ(o.verdict, Parse::kDone);
    EXPECT_TRUE(o.connect);
    EXPECT_EQ(o.host, "h:443");
    EXPECT_EQ(o.target, "/");
    EXPECT_EQ(o.scheme, "");
    for (const auto target : {"h", "h:", "/x", "h:1/", "h:x", "[::1]", "http://h:1"})
        EXPECT_EQ(parse("CONNECT "s + target + " HTTP/1.1\r\n").verdict, Parse::kInvalid) << target;
    EXPECT_EQ(parse("CONNECT [::1]:1 HTTP/1.1\r\n").host, "[::1]:1");
}

}  // namespace
}  // namespace bext::http1
