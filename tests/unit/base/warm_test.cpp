#include "base/warm.h"

#include <gtest/gtest.h>

namespace bext {
namespace {

TEST(WarmStateTest, SectionsGoOnOnce) {
    WarmState before, after;
    before.keep("a", [] { return std::optional<std::string>("one"); });
    before.keep("a", [] { return std::optional<std::string>("two"); });
    before.keep("gone", []() -> std::optional<std::string> { return std::nullopt; });
    before.keep("b", [] { return std::optional<std::string>(std::string("\0x", 2)); });
    ASSERT_TRUE(after.load(before.save()));
    EXPECT_EQ(after.take("a"), "two");
    EXPECT_EQ(after.take("a"), std::nullopt);
    EXPECT_EQ(after.take("b"), std::string("\0x", 2));
    EXPECT_EQ(after.take("gone"), std::nullopt);
}

TEST(WarmStateTest, DamageIsAnError) {
    WarmState before, after;
    before.keep("name", [] { return std::optional<std::string>("value"); });
    auto bytes = before.save();
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(after.load(std::string_view(bytes).substr(0, size))) << size;
    bytes[0] = 9;
    EXPECT_EQ(after.load(bytes).error().text, "the state of the process before is of another version");
    EXPECT_EQ(after.take("name"), std::nullopt);
}

}  // namespace
}  // namespace bext
