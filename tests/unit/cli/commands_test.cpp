#include "cli/commands.h"

#include <gtest/gtest.h>

namespace bext::cli {
namespace {

TEST(StatusForPeopleTest, IndentsWhatBelongsTogether) {
    EXPECT_EQ(status_for_people("{\"pid\":7,\"worker\":{\"threads\":2},\"done\":true}\n"),
              "pid: 7\nworker:\n  threads: 2\ndone: true\n");
}

}  // namespace
}  // namespace bext::cli
