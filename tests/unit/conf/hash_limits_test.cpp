// What nginx's hashes would refuse.
#include <gtest/gtest.h>

#include "conf/hash_limits.h"

namespace bext::conf {
namespace {

std::string said(const HashLimits& limits, const std::vector<std::string_view>& keys, bool wildcards = false) {
    std::string warning;
    auto warn = [&](std::string text) { warning = std::move(text); };
    auto bad = wildcards ? check_wildcard_hash(limits, keys, warn) : check_hash(limits, keys, warn);
    return bad ? bad->text : warning;
}

TEST(HashLimits, AKeyIsNotLongerThanABucket) {
    std::string most(46, 'x'), more(47, 'x');
    EXPECT_EQ(said({"t_hash", 512, 64}, {most}), "");
    EXPECT_EQ(said({"t_hash", 512, 64}, {more}), "could not build t_hash, you should increase t_hash_bucket_size: 64");
    EXPECT_EQ(said({"t_hash", 512, 128}, {more}), "");
}

TEST(HashLimits, Sizes) {
    EXPECT_EQ(said({"t_hash", 0, 64}, {}), "could not build t_hash, you should increase t_hash_max_size: 0");
    EXPECT_EQ(said({"t_hash", 512, 65536}, {"a"}), "could not build t_hash, too large t_hash_bucket_size: 65536");
    Setting<std::int64_t> max{512}, bucket{64};
    bucket.set(65);
    EXPECT_EQ(hash_limits("t_hash", max, bucket).bucket_size, 128u);
}

TEST(HashLimits, NotOptimal) {
    std::vector<std::string> keys;
    for (int i = 0; i < 20; ++i) keys.push_back("key" + std::to_string(i));
    std::vector<std::string_view> views(keys.begin(), keys.end());
    EXPECT_EQ(said({"t_hash", 512, 64}, views), "");
    EXPECT_EQ(said({"t_hash", 3, 64}, views), "could not build optimal t_hash, you should increase either t_hash_max_size: 3 or "
                                               "t_hash_bucket_size: 64; ignoring t_hash_bucket_size");
}

TEST(HashLimits, WildcardsAreKeptByLabel) {
    std::string label(30, 'x'), too_long(47, 'x');
    std::string far = "." + label + "." + label, near = "*." + too_long + ".test", whole = label + "." + label;
    EXPECT_EQ(said({"t_hash", 512, 64}, {far}, true), "");
    EXPECT_EQ(said({"t_hash", 512, 64}, {near}, true), "could not build t_hash, you should increase t_hash_bucket_size: 64");
    EXPECT_EQ(said({"t_hash", 512, 64}, {whole}, true), "could not build t_hash, you should increase t_hash_bucket_size: 64");
}

}  // namespace
}  // namespace bext::conf
