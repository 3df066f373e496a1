#include "cli/commands.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor/control.h"

namespace bext::cli {
namespace {

TEST(StatusForPeopleTest, IndentsWhatBelongsTogether) {
    EXPECT_EQ(status_for_people("{\"pid\":7,\"worker\":{\"threads\":2},\"done\":true}\n"),
              "pid: 7\nworker:\n  threads: 2\ndone: true\n");
}

TEST(ControlTest, AnswersWhoAsks) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    pid_t server = fork();
    if (server == 0) {
        auto control = supervisor::Control::listen();
        [[maybe_unused]] auto n = write(ready[1], control ? "y" : "n", 1);
        for (int left = 2; left > 0; --left) {
            pollfd waiting{control->fd(), POLLIN, 0};
            poll(&waiting, 1, -1);
            auto asker = control->accept();
            pollfd asking{asker->fd(), POLLIN, 0};
            poll(&asking, 1, -1);
            auto request = supervisor::Control::read(*asker);
            *request == "good" ? asker->succeed("text") : asker->fail("reason");
        }
        _exit(0);
    }
    char word = 0;
    ASSERT_EQ(read(ready[0], &word, 1), 1);
    ASSERT_EQ(word, 'y');
    auto good = supervisor::ask(server, "good", 5000);
    ASSERT_TRUE(good && *good);
    EXPECT_EQ(**good, "text");
    auto bad = supervisor::ask(server, "bad", 5000);
    ASSERT_TRUE(bad && !*bad);
    EXPECT_EQ(bad->error().text, "reason");
    waitpid(server, nullptr, 0);
    EXPECT_FALSE(supervisor::ask(server, "good", 100)) << "nobody is there any more";
}

}  // namespace
}  // namespace bext::cli
