#include "net/socket.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace bext::net {
namespace {

constexpr std::size_t kBytes = 4 << 20;  // many times what a socket's buffer takes
constexpr std::uint64_t kPatience = 5000;  // ms

/// Takes what comes to its end until all of it has.
struct Taker final : Watch {
    Taker(Loop& loop, Fd end) : loop(loop), end(std::move(end)) { loop.add(*this, this->end.get(), EPOLLIN); }
    void ready(std::uint32_t) override {
        char bytes[65536];
        auto n = ::read(end.get(), bytes, sizeof bytes);
        taken += n > 0 ? static_cast<std::size_t>(n) : 0;
        if (n <= 0 || taken == kBytes) loop.stop();
    }
    Loop& loop;
    Fd end;
    std::size_t taken = 0;
};

/// Sends all bytes, waiting whenever the kernel takes no more; ends the loop when such a wait is in vain.
template <class Send>
Task<> send_all(Loop& loop, Socket& socket, int& waits, Send send) {
    for (std::size_t sent = 0; sent < kBytes;) {
        ssize_t n = send(sent);
        if (n > 0) sent += static_cast<std::size_t>(n);
        if (n != -EAGAIN) continue;
        ++waits;
        auto wait = co_await socket.writable(kPatience);
        if (wait == Wait::kReady) continue;
        loop.stop();
        co_return;
    }
}

/// How often `send` had to wait until the other end had everything; 0: it never has.
template <class MakeSend>
int waits_of(MakeSend make_send) {
    Loop loop;
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    Socket socket{Fd(ends[0])};
    Taker taker(loop, Fd(ends[1]));
    int waits = 0;
    spawn(send_all(loop, socket, waits, make_send(socket)));
    loop.run();
    return taker.taken == kBytes ? waits : 0;
}

TEST(Socket, AWriteWaitsUntilThereIsRoomAgain) {
    std::string bytes(kBytes, 'x');
    EXPECT_GT(waits_of([&](Socket& socket) {
                  return [&](std::size_t sent) {
                      struct iovec piece {bytes.data() + sent, kBytes - sent};
                      return socket.write({&piece, 1}, false);
                  };
              }),
              1);
}

TEST(Socket, AFileWaitsUntilThereIsRoomAgain) {
    Fd file(memfd_create("file", MFD_CLOEXEC));
    ASSERT_EQ(ftruncate(file.get(), kBytes), 0);
    EXPECT_GT(waits_of([&](Socket& socket) {
                  return [&](std::size_t sent) { return socket.send_file(file.get(), static_cast<off_t>(sent), kBytes - sent); };
              }),
              1);
}

/// A pair of sockets whose buffers hold more than one turn may move.
struct WidePair {
    WidePair() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        int size = 16 << 20;
        for (int fd : ends)
            for (int option : {SO_SNDBUF, SO_SNDBUFFORCE}) ::setsockopt(fd, SOL_SOCKET, option, &size, sizeof size);
        ours = Fd(ends[0]);
        theirs = Fd(ends[1]);
    }
    Fd ours, theirs;
};

Task<> take_everything(Socket& socket, std::size_t& got, std::size_t& most_in_a_turn) {
    std::vector<char> bytes(32768);
    std::uint64_t batch = 0;
    std::size_t in_turn = 0;
    for (;;) {
        auto n = socket.read(bytes);
        if (n == 0) co_return;
        if (n == -EAGAIN) {
            auto wait = co_await socket.readable(0);
            static_cast<void>(wait);
            continue;
        }
        if (batch != Loop::current().batch()) in_turn = 0;
        batch = Loop::current().batch();
        in_turn += static_cast<std::size_t>(n);
        most_in_a_turn = std::max(most_in_a_turn, in_turn);
        got += static_cast<std::size_t>(n);
    }
}

TEST(SocketTurns, WhoSendsMuchIsReadInSeveralTurns) {
    Loop loop;
    WidePair pair;
    std::string text(1 << 20, 'x');
    auto sent = ::send(pair.theirs.get(), text.data(), text.size(), 0);
    ASSERT_GT(sent, 600 * 1024) << "the kernel's buffers are too small for this test";
    ::shutdown(pair.theirs.get(), SHUT_WR);
    Socket socket(std::move(pair.ours));
    std::size_t got = 0, most = 0;
    auto task = take_everything(socket, got, most);
    task.start();
    for (int i = 0; i < 20 && !task.done(); ++i) loop.turn(false);
    EXPECT_TRUE(task.done());
    EXPECT_EQ(got, static_cast<std::size_t>(sent));
    EXPECT_LE(most, 300u * 1024);
}

TEST(SocketTurns, NoMoreIsWrittenInOneThanIsAllowed) {
    Loop loop;
    WidePair pair;
    Socket socket(std::move(pair.ours));
    socket.limit_turn(100'000);
    std::string text(50'000, 'x');
    struct iovec piece {text.data(), text.size()};
    loop.turn(false);
    EXPECT_EQ(socket.write({&piece, 1}, false), 50'000);
    EXPECT_EQ(socket.write({&piece, 1}, false), 50'000);
    EXPECT_EQ(socket.write({&piece, 1}, false), -EAGAIN);
    EXPECT_FALSE(socket.writable(0).await_ready());
    loop.turn(true);  // does not wait: there is something left to do
    EXPECT_TRUE(socket.writable(0).await_ready());
    EXPECT_EQ(socket.write({&piece, 1}, false), 50'000);
    socket.limit_turn(0);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(socket.write({&piece, 1}, false), 50'000);
}

}  // namespace
}  // namespace bext::net
