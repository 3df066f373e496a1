#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace bext {
namespace {

TEST(Arena, PiecesDoNotOverlapAndAreAligned) {
    Arena arena;
    std::vector<std::pair<char*, std::size_t>> pieces;
    for (std::size_t size : {1u, 7u, 4000u, 3u, 100u, 9000u, 2u, 4096u, 64u}) {
        auto* p = static_cast<char*>(arena.allocate(size, 16));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(p) % 16, 0u);
        std::memset(p, static_cast<int>(pieces.size() + 1), size);
        pieces.emplace_back(p, size);
    }
    for (std::size_t i = 0; i < pieces.size(); ++i)
        for (std::size_t at = 0; at < pieces[i].second; ++at) ASSERT_EQ(pieces[i].first[at], static_cast<char>(i + 1));
}

TEST(Arena, ALargePieceLeavesTheRestOfTheBlockInUse) {
    Arena arena;
    auto* before = arena.bytes(8);
    arena.bytes(2 * Arena::kBlock);
    EXPECT_EQ(arena.bytes(8), before + 8);
}

TEST(Arena, ObjectsAreDestroyedInReverseOrder) {
    struct Noted {
        Noted(std::string& notes, char name) : notes(notes), name(name) {}
        ~Noted() { notes += name; }
        std::string& notes;
        char name;
    };
    std::string notes;
    Arena arena;
    for (char name : {'a', 'b', 'c'}) arena.make<Noted>(notes, name);
    arena.clear();
    EXPECT_EQ(notes, "cba");
    arena.clear();
    EXPECT_EQ(notes, "cba");
    arena.make<Noted>(notes, 'd');
    arena.clear();
    EXPECT_EQ(notes, "cbad");
}

TEST(Arena, CopiesAndJoins) {
    Arena arena;
    std::string text = "text";
    auto copy = arena.copy(text);
    auto joined = arena.cat({text, "", "-", text});
    text = "gone";
    EXPECT_EQ(copy, "text");
    EXPECT_EQ(joined, "text-text");
    EXPECT_NE(arena.copy("").data(), nullptr);
    EXPECT_TRUE(arena.cat({}).empty());
}

}  // namespace
}  // namespace bext
