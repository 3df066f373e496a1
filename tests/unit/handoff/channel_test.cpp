// Channel: messages arrive whole, with their descriptors, in order.
#include "handoff/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>

namespace bext::handoff {
namespace {

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

class ChannelTest : public testing::Test {
protected:
    ChannelTest() {
        auto ends = Channel::pair();
        here_ = std::move(ends->first);
        there_ = std::move(ends->second);
    }
    Channel here_;
    Channel there_;
};

TEST_F(ChannelTest, MessagesKeepTheirOrderAndText) {
    ASSERT_TRUE(here_.send(Kind::kServing, 7));
    ASSERT_TRUE(here_.send(Kind::kRefused, 8, "no"));
    Message message;
    ASSERT_EQ(there_.receive(message), Channel::Got::kMessage);
    EXPECT_EQ(message.kind, Kind::kServing);
    EXPECT_EQ(message.generation, 7u);
    ASSERT_EQ(there_.receive(message), Channel::Got::kMessage);
    EXPECT_EQ(message.text, "no");
    EXPECT_EQ(there_.receive(message), Channel::Got::kNothing);
}

TEST_F(ChannelTest, CarriesMoreDescriptorsThanOnePacketHolds) {
    Fd file(open("/dev/null", O_RDONLY | O_CLOEXEC));
    struct stat expected{};
    fstat(file.get(), &expected);
    std::vector<Loan> loans;
    for (std::uint32_t i = 0; i < 450; ++i) loans.push_back({{Role::kListen, i, i + 1}, file.get()});
    ASSERT_TRUE(here_.send(Kind::kLoad, 3, "text", loans));
    Message message;
    ASSERT_EQ(there_.receive(message), Channel::Got::kMessage);
    EXPECT_EQ(message.text, "text");
    ASSERT_EQ(message.handles.size(), loans.size());
    for (std::uint32_t i = 0; i < 450; ++i) {
        struct stat found{};
        ASSERT_EQ(fstat(message.handles[i].fd.get(), &found), 0);
        EXPECT_EQ(found.st_rdev, expected.st_rdev);
        EXPECT_EQ(message.handles[i].tag, (Tag{Role::kListen, i, i + 1}));
        EXPECT_EQ(fcntl(message.handles[i].fd.get(), F_GETFD), FD_CLOEXEC);
    }
    EXPECT_EQ(there_.receive(message), Channel::Got::kNothing);
}

TEST_F(ChannelTest, ReceivedDescriptorsAreOwned) {
    auto before = open_descriptors();
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(here_.send(Kind::kLoad, 1, {}, {{{Role::kBundle, 0, 0}, 0}}));
        Message message;
        ASSERT_EQ(there_.receive(message), Channel::Got::kMessage);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(ChannelTest, TellsOfTheOthersEnd) {
    ASSERT_TRUE(here_.send(Kind::kQuit));
    here_.close();
    Message message;
    EXPECT_EQ(there_.receive(message), Channel::Got::kMessage);
    EXPECT_EQ(there_.receive(message), Channel::Got::kClosed);
    EXPECT_FALSE(there_.send(Kind::kServing));
}

TEST_F(ChannelTest, RefusesWhatIsNoMessage) {
    for (std::string bytes : {"", "x", "\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}) {
        ASSERT_GE(::send(here_.fd(), bytes.data(), bytes.size(), 0), 0);
        Message message;
        EXPECT_EQ(there_.receive(message), Channel::Got::kClosed);
    }
}

TEST_F(ChannelTest, SendingToOneThatDoesNotListenEnds) {
    Result<> sent;
    for (int i = 0; i < 100'000 && sent; ++i) sent = here_.send(Kind::kReopen, 1, std::string(1000, 'x'), {}, 0);
    EXPECT_FALSE(sent);
}

TEST_F(ChannelTest, CutsATextThatIsTooLong) {
    ASSERT_TRUE(here_.send(Kind::kRefused, 1, std::string(100'000, 'x')));
    Message message;
    ASSERT_EQ(there_.receive(message), Channel::Got::kMessage);
    EXPECT_EQ(message.text.size(), Channel::kLongestText);
}

}  // namespace
}  // namespace bext::handoff
