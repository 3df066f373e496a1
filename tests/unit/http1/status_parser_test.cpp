// The status line parser against nginx's grammar, whole and in pieces.
#include "http1/status_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace bext::http1 {
namespace {

using Outcome = std::tuple<Parse, int, int, int, std::string, std::size_t>;

Outcome feed_cut(std::string_view text, std::vector<std::size_t> cuts) {
    StatusLineParser parser;
    cuts.push_back(text.size());
    Parse verdict = Parse::kAgain;
    std::string bytes;
    for (const std::size_t cut : cuts) {
        bytes = std::string(text.substr(0, cut));
        verdict = parser.feed(bytes.data(), bytes.size());
        if (verdict != Parse::kAgain) break;
    }
    if (verdict != Parse::kDone) return {verdict, 0, 0, 0, "", 0};
    const StatusLine line = parser.result(bytes.data());
    return {verdict, line.major, line.minor, line.status, std::string(line.text), parser.consumed()};
}

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

TEST(StatusParser, Lines) {
    EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nA: b"), Outcome(Parse::kDone, 1, 1, 200, "200 OK", 17));
    EXPECT_EQ(parse("HTTP/1.0 404\n"), Outcome(Parse::kDone, 1, 0, 404, "404", 13));
    EXPECT_EQ(parse("HTTP/1.1 200\r\n"), Outcome(Parse::kDone, 1, 1, 200, "200", 14));
    EXPECT_EQ(parse("HTTP/1.1   200  OK \r\n"), Outcome(Parse::kDone, 1, 1, 200, "200  OK ", 21));
    EXPECT_EQ(parse("HTTP/1.1 403.1 no\r\n"), Outcome(Parse::kDone, 1, 1, 403, "403.1 no", 19));
    EXPECT_EQ(parse("HTTP/20.10 200 \xff\x01\r\n"), Outcome(Parse::kDone, 20, 10, 200, "200 \xff\x01", 19));
    EXPECT_EQ(parse("HTTP/1.1 20"), Outcome(Parse::kAgain, 0, 0, 0, "", 0));
}

TEST(StatusParser, NotAStatusLine) {
    for (const auto text : {"ICY 200 OK\r\n", "http/1.1 200 OK\r\n", "HTTP 200 OK\r\n", "HTTP/0.9 200\r\n",
                            "HTTP/1 200\r\n", "HTTP/1.1 2000\r\n", "HTTP/1.1 20x\r\n", "HTTP/1.1 200OK\r\n",
                            "HTTP/1.1 200 OK\rx", "HTTP/1.1\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1\t200\r\n",
                            "HTTP/1000.1 200\r\n", "\r\nHTTP/1.1 200\r\n", "HTTP/1.1000 200\r\n", "<html>"})
        EXPECT_EQ(std::get<0>(parse(text)), Parse::kInvalid) << text;
}

TEST(StatusParser, BeforeHttp11) {
    EXPECT_TRUE((StatusLine{1, 0, 200, ""}).before_http11());
    EXPECT_FALSE((StatusLine{1, 1, 200, ""}).before_http11());
    EXPECT_FALSE((StatusLine{2, 0, 200, ""}).before_http11());
}

}  // namespace
}  // namespace bext::http1
