// Tokens as nginx's ngx_conf_read_token makes them.
#include "conf/lexer.h"

#include <gtest/gtest.h>

namespace bext::conf {
namespace {

/// "[word|word;", "[word{" and "}" for each directive, then the error if there is one.
std::string tokens(std::string_view text, std::string name = "f") {
    Lexer lexer(std::move(name), text);
    std::string out;
    std::vector<std::string> words;
    for (;;) {
        auto end = lexer.next(words);
        if (!end) return out + "!" + end.error().text;
        if (*end == End::kFile) return out;
        if (*end == End::kBlockCloses) {
            out += "}";
            continue;
        }
        out += "[";
        for (std::size_t i = 0; i < words.size(); ++i) out += (i ? "|" : "") + words[i];
        out += *end == End::kSemicolon ? ";" : "{";
    }
}

TEST(Lexer, WordsAndBlocks) {
    EXPECT_EQ(tokens("a b\tc;d{e f;}"), "[a|b|c;[d{[e|f;}");
    EXPECT_EQ(tokens(" \r\n a\r\n  b ; "), "[a|b;");
    EXPECT_EQ(tokens(""), "");
    EXPECT_EQ(tokens("a}b;"), "[a}b;");
}

TEST(Lexer, Comments) {
    EXPECT_EQ(tokens("# a;\na # b;\n c;#d"), "[a|c;");
    EXPECT_EQ(tokens("a#b c;"), "[a#b|c;");
    EXPECT_EQ(tokens("a \"#\" '#';"), "[a|#|#;");
}

TEST(Lexer, Quotes) {
    EXPECT_EQ(tokens("a \"b c;{}\" 'd \"e\"';"), "[a|b c;{}|d \"e\";");
    EXPECT_EQ(tokens("a \"\" '';"), "[a||;");
    EXPECT_EQ(tokens("a b\"c d\";"), "[a|b\"c|d\";");  // only at the front
    EXPECT_EQ(tokens("if (a = \"b\") {"), "[if|(a|=|b|){");
    EXPECT_EQ(tokens("a \"b\"c;"), "!unexpected \"c\" in f:1");
    EXPECT_EQ(tokens("a \"x\ny\";"), "[a|x\ny;");
}

TEST(Lexer, Escapes) {
    EXPECT_EQ(tokens(R"(a \"b\' "c\"d" 'e\'f' g\\h;)"), R"([a|"b'|c"d|e'f|g\h;)");
    EXPECT_EQ(tokens(R"(a "\t\r\n" \.\d;)"), "[a|\t\r\n|\\.\\d;");
    EXPECT_EQ(tokens(R"(a b\ c \;d \{e;)"), R"([a|b\ c|\;d|\{e;)");
}

TEST(Lexer, VariablesInBracesAreNoBlocks) {
    EXPECT_EQ(tokens("a ${b}c $d{"), "[a|${b}c|$d{");
    EXPECT_EQ(tokens("a x${b};"), "[a|x${b};");
    EXPECT_EQ(tokens("a \"${b}\" {"), "[a|${b}{");
}

TEST(Lexer, ErrorsSayWhere) {
    EXPECT_EQ(tokens("\n;"), "!unexpected \";\" in f:2");
    EXPECT_EQ(tokens("a;\n{"), "[a;!unexpected \"{\" in f:2");
    EXPECT_EQ(tokens("a\n}"), "!unexpected \"}\" in f:2");
    EXPECT_EQ(tokens("a b"), "!unexpected end of file, expecting \";\" or \"}\" in f:1");
    EXPECT_EQ(tokens("a b", ""), "!unexpected end of parameter, expecting \";\" in command line");
    EXPECT_EQ(tokens("a;\nb \"" + std::string(5000, 'x')),
              "[a;!too long parameter, probably missing terminating \"\"\" character in f:2");
    EXPECT_EQ(tokens("a 0123456789" + std::string(5000, 'x') + ";"), "!too long parameter \"0123456789...\" started in f:1");
    EXPECT_EQ(tokens("a " + std::string(4000, 'x') + ";"), "[a|" + std::string(4000, 'x') + ";");
}

}  // namespace
}  // namespace bext::conf
