// Resolvers: a thread keeps one for each configuration in use, and none for those that are gone.
#include <gtest/gtest.h>

#include "http/thread.h"
#include "upstream/resolve.h"

namespace bext::upstream {
namespace {

TEST(ResolversTest, ThoseOfConfigurationsThatAreGoneAreForgotten) {
    http::Thread thread;
    auto& all = Resolvers::here();
    auto in_use = std::make_shared<const net::ResolverSettings>();
    auto& first = all.of(in_use);
    for (int i = 0; i < 20; ++i) {
        auto reloaded = std::make_shared<const net::ResolverSettings>();
        EXPECT_NE(&all.of(reloaded), &first);
        EXPECT_EQ(&all.of(reloaded), &all.of(reloaded));
    }
    EXPECT_LE(all.size(), 2u);
    EXPECT_EQ(&all.of(in_use), &first);
}

}  // namespace
}  // namespace bext::upstream
