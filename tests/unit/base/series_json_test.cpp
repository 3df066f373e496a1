// The series as JSON, in pieces.
#include "base/series_json.h"

#include <gtest/gtest.h>

#include "base/figures.h"

namespace bext {
namespace {

std::size_t count_of(const std::string& text, const std::string& what) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
    return count;
}

TEST(SeriesJson, ComesInPiecesThatMakeTheWhole) {
    auto page = FigurePage::create();
    ASSERT_TRUE(page);
    auto& table = *page->series();
    for (int i = 0; i < 40; ++i) table.count(0, table.row_of(SeriesKind::kServer, "s" + std::to_string(i) + ".test", ""), {200, false, 7, 10, 20});
    table.count(0, table.row_of(SeriesKind::kPeer, "app", "127.0.0.1:1"), {502, true, 3, 1, 2});
    EXPECT_NE(series_json(table, 0, 1 << 20).find("{\"kind\":\"peer\",\"name\":\"app\",\"part\":\"127.0.0.1:1\",\"statuses\":[0,0,0,0,1],\"failures\":1,"
                                                  "\"received\":1,\"sent\":2,\"milliseconds\":3,\"durations\":[0,1,0,"), std::string::npos)
        << series_json(table, 0, 1 << 20);
    std::string all;
    std::size_t skip = 0, pieces = 0;
    do {
        auto piece = series_json(table, skip, 1000);
        EXPECT_LT(piece.size(), 2000u);
        all += piece;
        skip = std::stoul(piece.substr(8));
    } while (skip && ++pieces < 100);
    EXPECT_GT(pieces, 3u);
    EXPECT_EQ(count_of(all, "\"kind\""), 41u);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(count_of(all, "\"s" + std::to_string(i) + ".test\""), 1u);
    EXPECT_EQ(answers_json(table), "{\"count\":40,\"milliseconds\":280}");
}

}  // namespace
}  // namespace bext
