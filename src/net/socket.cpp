#include "net/socket.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace bext::net {
namespace {
constexpr std::uint32_t kReads = EPOLLIN | EPOLLRDHUP | EPOLLET;
}

void Gate::open(Wait why) {
    if (!caller_) return;
    timer_.disarm();
    why_ = why;
    pump::run(std::exchange(caller_, {}));
}

Socket::Socket(Fd fd, bool connecting) : fd_(std::move(fd)), writable_(!connecting), watches_writes_(connecting) {
    Loop::current().add(*this, fd_.get(), connecting ? kReads | EPOLLOUT : kReads);
}

/// From the first time on that the kernel takes no more; most sockets never get there, and are spared an event.
ssize_t Socket::not_writable() {
    writable_ = false;
    if (!std::exchange(watches_writes_, true)) Loop::current().change(*this, fd_.get(), kReads | EPOLLOUT);
    return -EAGAIN;
}

Socket::~Socket() = default;

void Socket::destroy(Socket* socket) {
    socket->fd_.reset();  // closing takes it out of epoll
    Loop::current().retire(socket);
}

/// Counts what was done in this turn; the rest of what is used up waits for the next.
void Socket::use(std::uint32_t& count, std::uint64_t amount, std::uint32_t most) {
    auto batch = Loop::current().batch();
    if (batch_ != batch) {
        batch_ = batch;
        read_ = written_ = 0;
    }
    count = static_cast<std::uint32_t>(std::min<std::uint64_t>(count + amount, UINT32_MAX));
    if (most && count >= most) rest_.arm();
}

void Socket::go_on(Turn& turn) {
    auto& self = static_cast<Rest&>(turn).socket;
    if (!self.fd_) return;
    if (self.writable_) self.writer_.open(Wait::kReady);
    if (self.fd_ && self.readable_) self.became_readable();
}

ssize_t Socket::read(std::span<char> into) {
    if (used_up(read_, kMostRead)) return -EAGAIN;
    for (;;) {
        ssize_t n = ::recv(fd_.get(), into.data(), into.size(), 0);
        if (n >= 0) {
            use(read_, static_cast<std::uint64_t>(n) + kReadCost, kMostRead);
            // Fewer bytes than asked for: the queue is empty and the next arrival makes a new edge. After a hang-up
            // no further edge comes, so the end must still be read.
            if (static_cast<std::size_t>(n) < into.size() && !hung_up_ && n != 0) readable_ = false;
            return n;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN) readable_ = false;
        return -errno;
    }
}

ssize_t Socket::write(std::span<const struct iovec> pieces, bool more) {
    int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);
    if (used_up(written_, most_written_)) return -EAGAIN;
    for (;;) {
        ssize_t n;
        if (pieces.size() == 1) {
            n = ::send(fd_.get(), pieces[0].iov_base, pieces[0].iov_len, flags);
        } else {
            struct msghdr message {};
            message.msg_iov = const_cast<struct iovec*>(pieces.data());
            message.msg_iovlen = pieces.size();
            n = ::sendmsg(fd_.get(), &message, flags);
        }
        if (n >= 0) {
            sent += static_cast<std::uint64_t>(n);
            use(written_, static_cast<std::uint64_t>(n), most_written_);
            return n;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return not_writable();
        return -errno;
    }
}

ssize_t Socket::send_file(int fd, off_t offset, std::size_t length) {
    if (used_up(written_, most_written_)) return -EAGAIN;
    if (most_written_) length = std::min<std::size_t>(length, most_written_ - (batch_ == Loop::current().batch() ? written_ : 0));
    for (;;) {
        ssize_t n = ::sendfile(fd_.get(), fd, &offset, length);
        if (n >= 0) {
            sent += static_cast<std::uint64_t>(n);
            use(written_, static_cast<std::uint64_t>(n), most_written_);
            return n;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return not_writable();
        return -errno;
    }
}

void Socket::cancel() {
    reader_.open(Wait::kCancelled);
    writer_.open(Wait::kCancelled);
}

void Socket::shutdown_write() { ::shutdown(fd_.get(), SHUT_WR); }

int Socket::connect_error() const {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

void Socket::ready(std::uint32_t events) {
    if (!fd_) return;  // closed earlier in this batch
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) hung_up_ = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        writable_ = true;
        writer_.open(Wait::kReady);
    }
    if (!fd_) return;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        readable_ = true;
        became_readable();
    }
}

void Socket::became_readable() {
    if (reader_.waiting())
        reader_.open(Wait::kReady);
    else if (on_input)
        on_input(hangup_context);
    else if (hung_up_ && on_hangup)
        on_hangup(hangup_context);
}

}  // namespace bext::net
