#include "base/json.h"

#include <gtest/gtest.h>

namespace bext {
namespace {

TEST(Json, Texts) {
    EXPECT_EQ(json_text(""), R"("")");
    EXPECT_EQ(json_text("a \"b\" \\ c/d"), R"("a \"b\" \\ c/d")");
    EXPECT_EQ(json_text(std::string_view("\n\t\0\x1f \x7f", 6)), "\"\\u000a\\u0009\\u0000\\u001f \x7f\"");
    EXPECT_EQ(json_text("h\xc3\xa9"), "\"h\xc3\xa9\"");
}

}  // namespace
}  // namespace bext
