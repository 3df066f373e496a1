#include "support/bodies.h"

#include <gtest/gtest.h>

namespace bext::tests {
namespace {

TEST(Bodies, EveryFilterIsOn) {
    std::size_t filters = 0;
    for (auto* module : http::modules()) filters += module->header_filter != nullptr;
    WireSite site(every_filter());
    EXPECT_EQ(site.thread.site->site().header_filters.size(), filters) << "a filter of a module is missing in tests/support/bodies.h";
}

/// HEAD and GET of everything, each way, with a request behind it on the same connection.
TEST(Bodies, NoAnswerHasMoreThanItMay) {
    WireSite site(every_filter());
    for (std::uint8_t path = 0; path < std::size(kPaths); ++path)
        for (std::uint8_t bits = 0; bits < 64; ++bits) {
            Asked asked[] = {{path, bits}, {static_cast<std::uint8_t>(path + 1), 5}, {0, 8}};
            std::string shown;
            auto wrong = serve_all(site, asked, shown);
            ASSERT_TRUE(wrong.empty()) << wrong << " after " << asked[0].text() << shown;
        }
}

}  // namespace
}  // namespace bext::tests
