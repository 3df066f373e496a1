#include "modules/http/sub_search.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace bext::http::sub {
namespace {

struct Marked final : Search::Found {
    std::string out;
    void text(std::string_view text) override { out.append(text); }
    void match(std::size_t pattern) override { out.append("{").append(std::to_string(pattern)).append("}"); }
};

std::string search(std::vector<std::string_view> wanted, const std::vector<std::string>& pieces, bool once = false) {
    Arena arena;
    Patterns patterns(wanted);
    Search search(patterns, once, arena);
    Marked found;
    for (auto& piece : pieces) search.feed(piece, found);
    search.end(found);
    return found.out;
}

TEST(SubSearch, Finds) {
    EXPECT_EQ(search({"b"}, {"abcB"}), "a{0}c{0}");
    EXPECT_EQ(search({"abc", "b"}, {"abcb", "aBc"}), "{0}{1}{0}");
    EXPECT_EQ(search({"ab", "abc"}, {"abc"}), "{0}c");
    EXPECT_EQ(search({"abc", "ab"}, {"abd"}), "{1}d");
    EXPECT_EQ(search({"aab"}, {"aa", "aab"}), "aa{0}");
    EXPECT_EQ(search({"abc", "b"}, {"ab"}), "ab");  // the beginning of a match at the end is not looked into, as in nginx
    EXPECT_EQ(search({"a", "b"}, {"aabb"}, true), "{0}a{1}b");
}

TEST(SubSearch, AnySegmentationGivesTheSame) {
    std::mt19937 random(3);
    for (int round = 0; round < 4000; ++round) {
        auto word = [&](std::size_t most) {
            std::string text;
            for (auto n = 1 + random() % most; n > 0; --n) text += static_cast<char>('a' + random() % 3);
            return text;
        };
        std::vector<std::string> words;
        for (auto n = 1 + random() % 4; n > 0; --n) words.push_back(word(5));
        std::vector<std::string_view> wanted(words.begin(), words.end());
        auto whole = word(30);
        bool once = random() % 2;
        auto expected = search(wanted, {whole}, once);
        std::vector<std::string> bytes, cuts;
        for (char c : whole) bytes.emplace_back(1, c);
        for (std::size_t at = 0; at < whole.size();) {
            auto n = 1 + random() % 6;
            cuts.push_back(whole.substr(at, n));
            at += n;
        }
        EXPECT_EQ(search(wanted, bytes, once), expected) << whole;
        EXPECT_EQ(search(wanted, cuts, once), expected) << whole;
    }
}

}  // namespace
}  // namespace bext::http::sub
