#include "base/guests.h"

#include <gtest/gtest.h>

namespace bext {
namespace {

class GuestsTest : public testing::Test {
protected:
    Guests::Id enter(const std::string& peer, const std::string& name) {
        return guests_.enter(peer, [this, name] { sent_away_ += name; });
    }
    Guests guests_{3};
    std::string sent_away_;
};

TEST_F(GuestsTest, TheOldestMakesRoom) {
    for (auto* name : {"a", "b", "c"}) enter("x", name);
    EXPECT_EQ(sent_away_, "");
    enter("x", "d");
    enter("x", "e");
    EXPECT_EQ(sent_away_, "ab");
    EXPECT_EQ(guests_.count(), 3u);
}

TEST_F(GuestsTest, WhoHasMostMakesRoomForOthers) {
    enter("few", "a");
    enter("many", "b");
    enter("many", "c");
    enter("few", "d");
    EXPECT_EQ(sent_away_, "b");
    enter("other", "e");
    EXPECT_EQ(sent_away_, "ba");
}

TEST_F(GuestsTest, WhoHasShownItsRightStays) {
    auto first = enter("x", "a");
    for (auto* name : {"b", "c"}) enter("x", name);
    guests_.leave(first);
    for (auto* name : {"d", "e"}) enter("x", name);
    EXPECT_EQ(sent_away_, "b");
    guests_.leave(first);
}

}  // namespace
}  // namespace bext
