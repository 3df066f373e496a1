#include "modules/http/ssi_parser.h"

#include <gtest/gtest.h>

#include <random>

namespace bext::http::ssi {
namespace {

/// What the parser makes of `pieces`: text as it stands, a command as {name|parameter=value…}, faults as (text), errors as !.
std::string read(const std::vector<std::string>& pieces, std::size_t value_length = 255) {
    Arena arena;
    Parser parser(arena, value_length);
    std::string out;
    for (auto& piece : pieces) {
        std::string_view rest = piece;
        for (;;) {
            auto event = parser.next(rest);
            if (event == Parser::Event::kNothing) break;
            if (event == Parser::Event::kText) out.append(parser.text());
            if (event == Parser::Event::kFault) out.append("(").append(parser.fault()).append(")");
            if (event == Parser::Event::kError) out += '!';
            if (event != Parser::Event::kCommand) continue;
            out.append("{").append(parser.command());
            for (auto& p : parser.parameters()) out.append("|").append(p.name).append("=").append(p.value);
            out += '}';
        }
        EXPECT_TRUE(rest.empty());
    }
    return out;
}

TEST(SsiParser, TextAndCommands) {
    EXPECT_EQ(read({"a<!--#echo var=\"x\" -->b"}), "a{echo|var=x}b");
    EXPECT_EQ(read({"<!--# if\texpr = 'a \"b\\'c' -->"}), "{if|expr=a \"b\\'c}");
    EXPECT_EQ(read({"<!--#endif-->"}), "{endif}");
    EXPECT_EQ(read({"<!--#include virtual=\"/a?b\" wait='yes'--><!--#a -->"}), "{include|virtual=/a?b|wait=yes}{a}");
}

TEST(SsiParser, WhatOnlyLooksLikeACommand) {
    EXPECT_EQ(read({"<!-- a --><!-<!<<!--#b -->"}), "<!-- a --><!-<!<{b}");
    EXPECT_EQ(read({"<!--", "#a -->"}), "{a}");
    EXPECT_EQ(read({"<!--", "a"}), "<!--a");
    EXPECT_EQ(read({"<!-", "<!--#a -->"}), "<!-{a}");
    EXPECT_EQ(read({"a<", "<"}), "a<");  // a beginning at the end of everything is dropped, as in nginx
}

TEST(SsiParser, Errors) {
    EXPECT_EQ(read({"1<!--#echo var-->2"}), "1(unexpected \"-\" symbol after \"var\" parameter in \"echo\" SSI command)!2");
    EXPECT_EQ(read({"1<!--#echo var=x - -> -->2"}),
              "1(unexpected \"x\" symbol before value of \"var\" parameter in \"echo\" SSI command)!2");
    EXPECT_EQ(read({"<!--#echo var=\"abcd\" -->"}, 3),
              "(too long \"abcd...\" value of \"var\" parameter in \"echo\" SSI command)!");
    EXPECT_EQ(read({"<!--#" + std::string(33, 'c') + " -->"}),
              "(the \"" + std::string(33, 'c') + "...\" SSI command is too long)!");
}

/// Joins what is text on both sides of a cut: where it is cut is all that may differ.
TEST(SsiParser, AnySegmentationGivesTheSame) {
    constexpr std::string_view kAlphabet[] = {"<", "!", "-", "#", "<!--#", "-->", " ", "echo", "var", "=", "\"", "'", "\\", "x", "\n",
                                              "<!--#set var=\"a\" value='b' -->", "text"};
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        std::string whole;
        for (auto n = random() % 24; n > 0; --n) whole += kAlphabet[random() % std::size(kAlphabet)];
        auto expected = read({whole}, 8);
        std::vector<std::string> bytes, cuts;
        for (char c : whole) bytes.emplace_back(1, c);
        for (std::size_t at = 0; at < whole.size();) {
            auto n = 1 + random() % 5;
            cuts.push_back(whole.substr(at, n));
            at += n;
        }
        EXPECT_EQ(read(bytes, 8), expected) << whole;
        EXPECT_EQ(read(cuts, 8), expected) << whole;
    }
}

}  // namespace
}  // namespace bext::http::ssi
