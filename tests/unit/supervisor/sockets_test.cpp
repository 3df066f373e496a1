// Sockets: what a reload keeps, opens and closes, and what is inherited.
#include "supervisor/sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace bext::supervisor {
namespace {

template <class Sockaddr>
std::string bytes_of(const Sockaddr& address) {
    return {reinterpret_cast<const char*>(&address), sizeof address};
}

/// A loopback port that is free now.
std::uint16_t free_port() {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
}

handoff::Listen tcp(std::uint16_t port) {
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    handoff::Listen listen;
    listen.address = bytes_of(address);
    listen.text = "127.0.0.1:" + std::to_string(port);
    return listen;
}

handoff::Listen local(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    handoff::Listen listen;
    listen.address = bytes_of(address);
    listen.text = "unix:" + path;
    return listen;
}

bool accepts(const handoff::Listen& listen) {
    auto* address = reinterpret_cast<const sockaddr*>(listen.address.data());
    Fd fd(socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(fd.get(), address, static_cast<socklen_t>(listen.address.size())) == 0;
}

int option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    getsockopt(fd, level, name, &value, &size);
    return value;
}

class SocketsTest : public testing::Test {
protected:
    SocketsTest() {
        directory_ = testing::TempDir() + "sockets_XXXXXX";
        mkdtemp(directory_.data());
    }
    ~SocketsTest() override { std::filesystem::remove_all(directory_); }
    std::string directory_;
};

TEST_F(SocketsTest, ReloadKeepsAddsAndCloses) {
    auto a = tcp(free_port());
    auto b = tcp(free_port());
    auto c = tcp(free_port());
    auto old = *Sockets::open({a, b}, {});
    ASSERT_TRUE(accepts(a) && accepts(b) && !accepts(c));
    auto next = *Sockets::open({c, a}, old);
    EXPECT_TRUE(accepts(a) && accepts(b) && accepts(c));
    EXPECT_EQ(next.fds()[1], old.fds()[0]);
    EXPECT_EQ(next.loans()[0].tag, (handoff::Tag{handoff::Role::kListen, 0, 0}));
    EXPECT_EQ(next.loans()[1].tag, (handoff::Tag{handoff::Role::kListen, 1, 0}));
    old.retire(next);
    EXPECT_TRUE(accepts(a) && !accepts(b) && accepts(c));
}

TEST_F(SocketsTest, FailureKeepsTheOldOnes) {
    auto a = tcp(free_port());
    auto old = *Sockets::open({a}, {});
    auto bad = local(directory_ + "/missing/socket");
    auto fresh = tcp(free_port());
    auto next = Sockets::open({a, fresh, bad}, old);
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().text, "bind() to " + bad.text + " failed (2: No such file or directory)");
    EXPECT_TRUE(accepts(a));
    EXPECT_FALSE(accepts(fresh));
}

TEST_F(SocketsTest, BusyAddressIsTriedFiveTimes) {
    auto a = tcp(free_port());
    auto other = *Sockets::open({a}, {});
    testing::internal::CaptureStderr();
    auto mine = Sockets::open({a}, {});
    auto said = testing::internal::GetCapturedStderr();
    ASSERT_FALSE(mine);
    EXPECT_EQ(mine.error().text, "still could not bind()");
    std::string line = "nginx: [emerg] bind() to " + a.text + " failed (98: Address already in use)\n";
    std::string five;
    for (int i = 0; i < 5; ++i) five += line;
    EXPECT_EQ(said, five);
}

TEST_F(SocketsTest, ReuseportOpensOneForEachThreadAndNeverFewer) {
    auto a = tcp(free_port());
    auto plain = *Sockets::open({a}, {});
    a.reuseport = 3;
    auto three = *Sockets::open({a}, plain);
    EXPECT_EQ(three.size(), 3u);
    EXPECT_EQ(three.loans()[2].tag, (handoff::Tag{handoff::Role::kListen, 0, 2}));
    EXPECT_EQ(three.fds()[0], plain.fds()[0]);
    a.reuseport = 0;
    auto again = *Sockets::open({a}, three);
    EXPECT_EQ(again.size(), 3u);  // closing one would lose what waits in it
}

TEST_F(SocketsTest, OptionsAreSet) {
    auto a = tcp(free_port());
    a.keepalive = 1;
    a.keepalive_idle = 77;
    a.keepalive_interval = 7;
    a.keepalive_count = 3;
    a.deferred = true;
    a.fastopen = 5;
    a.rcvbuf = 20'000;
    auto sockets = *Sockets::open({a}, {});
    int fd = sockets.fds()[0];
    EXPECT_EQ(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 77);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 7);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
    EXPECT_GT(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
    EXPECT_EQ(option(fd, SOL_SOCKET, SO_RCVBUF), 40'000);
    EXPECT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
    a.deferred = false;
    auto next = *Sockets::open({a}, sockets);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT), 0);
}

/// Whether the kernel acknowledges the first bytes of a new connection to `listening` at once.
bool acknowledges_at_once(int listening, const handoff::Listen& listen) {
    Fd client(socket(AF_INET, SOCK_STREAM, 0));
    EXPECT_EQ(connect(client.get(), reinterpret_cast<const sockaddr*>(listen.address.data()), static_cast<socklen_t>(listen.address.size())), 0);
    Fd accepted;
    while (!accepted) accepted = Fd(accept(listening, nullptr, nullptr));
    return option(accepted.get(), IPPROTO_TCP, TCP_QUICKACK) != 0;
}

TEST_F(SocketsTest, AnswersAcknowledgeButNotAtTheNextServer) {
    auto a = tcp(free_port());
    auto sockets = *Sockets::open({a}, {});
    int fd = sockets.fds()[0];
    EXPECT_FALSE(acknowledges_at_once(fd, a));
    sockets.acknowledge_at_once(true);
    EXPECT_TRUE(acknowledges_at_once(fd, a));
    auto next = *Sockets::open({a}, sockets);
    EXPECT_FALSE(acknowledges_at_once(fd, a));
}

TEST_F(SocketsTest, UnixSocketIsForEverybodyReplacesAStaleOneAndGoes) {
    auto a = local(directory_ + "/s");
    {
        auto killed = *Sockets::open({a}, {});  // destroyed, not retired: the file stays
    }
    ASSERT_FALSE(accepts(a));
    auto sockets = *Sockets::open({a}, {});
    EXPECT_TRUE(accepts(a));
    struct stat found{};
    ASSERT_EQ(stat((directory_ + "/s").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0666u);
    auto kept = *Sockets::open({a}, sockets);
    sockets.retire(kept);
    EXPECT_TRUE(accepts(a));
    kept.retire({});
    EXPECT_FALSE(std::filesystem::exists(directory_ + "/s"));
}

TEST_F(SocketsTest, LiveUnixSocketOfAnotherIsBusy) {
    auto a = local(directory_ + "/s");
    auto other = *Sockets::open({a}, {});
    testing::internal::CaptureStderr();
    EXPECT_FALSE(Sockets::open({a}, {}));
    testing::internal::GetCapturedStderr();
    EXPECT_TRUE(accepts(a));
}

TEST_F(SocketsTest, TakesWhatNginxHandsOver) {
    auto a = tcp(free_port());
    auto b = local(directory_ + "/s");
    auto old = *Sockets::open({a, b}, {});
    std::string value;
    for (int fd : old.fds()) value += std::to_string(dup(fd)) + ";";
    setenv("NGINX", value.c_str(), 1);
    bool found = false;
    testing::internal::CaptureStderr();
    auto adopted = Sockets::adopt(sockets_from_environment(found));
    testing::internal::GetCapturedStderr();
    EXPECT_TRUE(found);
    EXPECT_EQ(getenv("NGINX"), nullptr);
    ASSERT_EQ(adopted.size(), 2u);
    auto mine = *Sockets::open({b, a}, adopted);
    EXPECT_EQ(mine.fds()[0], adopted.fds()[1]);
    EXPECT_EQ(mine.fds()[1], adopted.fds()[0]);
    mine.retire({});
    EXPECT_TRUE(accepts(a));
    EXPECT_TRUE(accepts(b));  // the file belongs to the other server until this one has started
}

TEST_F(SocketsTest, TakesItsOwnVariableAndReportsNonsense) {
    setenv("BEXT_UPGRADE_FDS", (std::to_string(dup(0)) + ",x").c_str(), 1);
    bool found = false;
    testing::internal::CaptureStderr();
    auto fds = sockets_from_environment(found);
    auto sockets = Sockets::adopt(std::move(fds));
    auto said = testing::internal::GetCapturedStderr();
    EXPECT_TRUE(found);
    EXPECT_EQ(sockets.size(), 0u);
    EXPECT_NE(said.find("invalid socket number \"x\" in BEXT_UPGRADE_FDS"), std::string::npos) << said;
    EXPECT_NE(said.find("getsockname() of the inherited socket #"), std::string::npos) << said;
}

}  // namespace
}  // namespace bext::supervisor
