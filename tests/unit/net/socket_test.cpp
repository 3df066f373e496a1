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

}  // namespace
}  // namespace bext::net
