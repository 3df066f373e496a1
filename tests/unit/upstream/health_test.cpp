#include "upstream/health.h"

#include <gtest/gtest.h>

#include "base/warm.h"

namespace bext::upstream {
namespace {

std::shared_ptr<Group> group(const std::string& name, std::initializer_list<const char*> peers) {
    auto made = std::make_shared<Group>();
    made->name = name;
    for (auto* one : peers) {
        auto peer = std::make_unique<Peer>();
        peer->name = one;
        peer->weight = 5;
        made->add(false, std::move(peer));
    }
    made->finish();
    return made;
}

TEST(HealthTest, TheNextConfigurationKnowsWhoFailed) {
    auto before = group("reloaded", {"a", "b"});
    remember_health(before);
    auto& peer = *before->main.peers[1];
    peer.fails = 3;
    peer.checked = 77;
    peer.effective_weight = 2;
    auto after = group("reloaded", {"b", "c"});
    remember_health(after);
    EXPECT_EQ(after->main.peers[0]->fails, 3);
    EXPECT_EQ(after->main.peers[0]->checked, 77);
    EXPECT_EQ(after->main.peers[0]->effective_weight, 2);
    EXPECT_EQ(after->main.peers[1]->fails, 0);
    auto other = group("another", {"b"});
    remember_health(other);
    EXPECT_EQ(other->main.peers[0]->fails, 0);
}

TEST(HealthTest, ARefusedConfigurationTakesNothingAway) {
    auto before = group("refused", {"a"});
    remember_health(before);
    before->main.peers[0]->fails = 4;
    remember_health(group("refused", {"a"}));  // it is gone at once
    auto after = group("refused", {"a"});
    remember_health(after);
    EXPECT_EQ(after->main.peers[0]->fails, 4);
}

TEST(HealthTest, TheNextProcessKnowsToo) {
    std::string saved;
    {
        auto before = group("upgraded", {"a", "b"});
        remember_health(before);
        before->main.peers[1]->fails = 2;
        before->main.peers[1]->accessed = 9;
        saved = warm_state().save();
    }
    ASSERT_TRUE(warm_state().load(saved));
    auto after = group("upgraded", {"b", "a"});
    remember_health(after);
    EXPECT_EQ(after->main.peers[0]->fails, 2);
    EXPECT_EQ(after->main.peers[0]->accessed, 9);
    EXPECT_EQ(after->main.peers[1]->fails, 0);
}

}  // namespace
}  // namespace bext::upstream
