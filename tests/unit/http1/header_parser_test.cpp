// The header line parser against nginx's grammar, whole and in pieces.
#include "http1/header_parser.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

using namespace std::literals;

namespace bext::http1 {
namespace {

struct Outcome {
    Parse verdict = Parse::kAgain;
    std::size_t used = 0;  // bytes consumed, or for kInvalid where the bad byte is
    std::string name, value;
    bool invalid_name = false, underscore = false;

    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
    return out << static_cast<int>(o.verdict) << " used " << o.used << " [" << o.name << "] [" << o.value << "]";
}

Outcome feed_cut(std::string_view text, HeaderOptions options, std::vector<std::size_t> cuts) {
    HeaderLineParser parser(options);
    cuts.push_back(text.size());
    Outcome o;
    std::string bytes;
    for (const std::size_t cut : cuts) {
        bytes = std::string(text.substr(0, cut));
        o.verdict = parser.feed(bytes.data(), bytes.size());
        if (o.verdict != Parse::kAgain) break;
    }
    if (o.verdict == Parse::kInvalid) o.used = parser.bad_at();
    if (o.verdict == Parse::kEnd) o.used = parser.consumed();
    if (o.verdict != Parse::kDone) return o;
    const HeaderLine line = parser.result(bytes.data());
    o.used = parser.consumed();
    o.name = line.name;
    o.value = line.value;
    o.invalid_name = line.invalid_name;
    o.underscore = line.underscore;
    return o;
}

Outcome parse(std::string_view text, HeaderOptions options = {}) {
    const Outcome whole = feed_cut(text, options, {});
    std::vector<std::size_t> every;
    for (std::size_t i = 1; i < text.size(); ++i) {
        every.push_back(i);
        EXPECT_EQ(feed_cut(text, options, {i}), whole) << text << " cut at " << i;
    }
    EXPECT_EQ(feed_cut(text, options, every), whole) << text << " byte by byte";
    return whole;
}

void expect_line(std::string_view text, std::string_view name, std::string_view value) {
    const auto o = parse(text);
    EXPECT_EQ(o.verdict, Parse::kDone) << text;
    EXPECT_EQ(o.name, name) << text;
    EXPECT_EQ(o.value, value) << text;
    EXPECT_FALSE(o.invalid_name) << text;
}

TEST(HeaderParser, Lines) {
    expect_line("Host: example.com\r\nnext", "Host", "example.com");
    expect_line("Host:example.com\n", "Host", "example.com");
    expect_line("a-1:    b c  d    \r\n", "a-1", "b c  d");
    expect_line("A:\r\n", "A", "");
    expect_line("A:    \r\n", "A", "");
    expect_line("A: b\r\r\r\n", "A", "b");
    expect_line("A: b \r\r\n", "A", "b");
    expect_line("A: :\n", "A", ":");
    EXPECT_EQ(parse("A: b\r\nC: d\r\n").used, 6u);
}

TEST(HeaderParser, LinesWithoutColon) {
    expect_line("Foo\r\n", "Foo", "");
    expect_line("Foo\n", "Foo", "");
    expect_line("Foo\r\r\n", "Foo", "");
}

TEST(HeaderParser, ValuesMayHoldAlmostAnything) {
    expect_line("A:\tb\t\r\n", "A", "\tb\t");
    expect_line("A: b\x01\x1b\x7f\xff\x0b\x0c c\r\n", "A", "b\x01\x1b\x7f\xff\x0b\x0c c");
    for (std::size_t n = 0; n < 70; ++n) {
        const std::string value = "\t" + std::string(n, 'v') + "\t";
        EXPECT_EQ(feed_cut("A: " + value + "\r\nB: c\r\n", {}, {}).value, value);
        EXPECT_EQ(feed_cut("A: " + value + "\0\r\n"s, {}, {}).verdict, Parse::kInvalid);
        EXPECT_EQ(feed_cut("A: " + value, {}, {}).verdict, Parse::kAgain);
        EXPECT_EQ(feed_cut("A: " + value + "\r", {}, {}).verdict, Parse::kAgain);
    }
}

TEST(HeaderParser, End) {
    EXPECT_EQ(parse("\r\nx").verdict, Parse::kEnd);
    EXPECT_EQ(parse("\r\nx").used, 2u);
    EXPECT_EQ(parse("\nx").used, 1u);
    EXPECT_EQ(parse("\r\r\n").verdict, Parse::kInvalid);
    EXPECT_EQ(parse("\rA: b\r\n").verdict, Parse::kInvalid);
}

TEST(HeaderParser, Invalid) {
    for (const auto text : {" A: b\r\n"sv, "\tA: b\r\n"sv, ": b\r\n"sv, "A : b\r\n"sv, "A\t: b\r\n"sv, "A\x01: b\r\n"sv,
                            "A\0: b\r\n"sv, "A\x7f: b\r\n"sv, "\0"sv, "\x7f"sv, "A: b\rC: d\r\n"sv, "A: b\0\r\n"sv,
                            "A:\0\r\n"sv, "A: b \0\r\n"sv, "Foo bar\r\n"sv, "Foo\rbar\r\n"sv, "A:\rb\r\n"sv})
        EXPECT_EQ(parse(text).verdict, Parse::kInvalid) << text;
}

// nginx logs the line up to and with the byte at this offset.
TEST(HeaderParser, WhereALineIsBad) {
    EXPECT_EQ(parse("A : b\r\n").used, 1u);
    EXPECT_EQ(parse(" A: b\r\n").used, 0u);
    EXPECT_EQ(parse("A: b\0c\r\n"sv).used, 4u);
    EXPECT_EQ(parse("A: b\rc\r\n").used, 4u);
    EXPECT_EQ(parse("A: b  \rc\r\n").used, 4u);
    EXPECT_EQ(parse("\rA: b\r\n").used, 0u);
}

TEST(HeaderParser, InvalidNames) {
    for (const auto text :
         {"X(Y): b\r\n", "X\xffY: b\r\n", "X!#$%&'*+.^`|~: b\r\n", "@\r\n", "X/: b\r\n", "HTTP/1: b\r\n"}) {
        EXPECT_EQ(parse(text).verdict, Parse::kDone) << text;
        EXPECT_TRUE(parse(text).invalid_name) << text;
        EXPECT_TRUE(parse(text, {.underscores = true, .skip_status = false}).invalid_name) << text;
    }
    EXPECT_EQ(parse("X(Y): b\r\n").name, "X(Y)");
}

TEST(HeaderParser, Underscores) {
    for (const auto text : {"X_Y: b\r\n", "_X: b\r\n", "X_\n"}) {
        EXPECT_TRUE(parse(text).invalid_name) << text;
        EXPECT_TRUE(parse(text).underscore) << text;
        EXPECT_FALSE(parse(text, {.underscores = true, .skip_status = false}).invalid_name) << text;
    }
    EXPECT_FALSE(parse("X-Y: b\r\n").underscore);
}

TEST(HeaderParser, RepeatedStatusLinesAreSkipped) {
    const HeaderOptions upstream{.underscores = true, .skip_status = true};
    const auto o = parse("HTTP/1.1 200 OK\r\nHTTP/1.0 100\nA: b\r\n", upstream);
    EXPECT_EQ(o.verdict, Parse::kDone);
    EXPECT_EQ(o.name, "A");
    EXPECT_EQ(o.value, "b");
    EXPECT_EQ(o.used, 36u);
    EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n\r\n", upstream).verdict, Parse::kEnd);
    EXPECT_EQ(parse("HTTP/1.1 200 OK\r\n", upstream).verdict, Parse::kAgain);
    EXPECT_EQ(parse("XHTTP/1: b\r\n", upstream).name, "XHTTP/1");
}

TEST(HeaderParser, OneAfterTheOther) {
    const std::string head = "A: b\r\nc_d:e\nF\r\n\r\nrest";
    HeaderLineParser parser;
    std::string seen;
    std::size_t at = 0;
    for (;;) {
        const Parse verdict = parser.feed(head.data() + at, head.size() - at);
        const std::size_t from = at;
        at += parser.consumed();
        if (verdict != Parse::kDone) {
            EXPECT_EQ(verdict, Parse::kEnd);
            break;
        }
        const HeaderLine line = parser.result(head.data() + from);
        seen += std::string(line.name) + "=" + std::string(line.value) + (line.invalid_name ? "!;" : ";");
    }
    EXPECT_EQ(seen, "A=b;c_d=e!;F=;");
    EXPECT_EQ(head.substr(at), "rest");
}

}  // namespace
}  // namespace bext::http1
