#include "net/socket.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

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

ssize_t Socket::read(std::span<char> into) {
    for (;;) {
        ssize_t n = ::recv(fd_.get(), into.data(), into.size(), 0);
        if (n >= 0) {
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
            return n;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN) return not_writable();
        return -errno;
    }
}

ssize_t Socket::send_file(int fd, off_t offset, std::size_t length) {
    for (;;) {
        ssize_t n = ::sendfile(fd_.get(), fd, &offset, length);
        if (n >= 0) {
            sent += static_cast<std::uint64_t>(n);
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
        if (reader_.waiting())
            reader_.open(Wait::kReady);
        else if (on_input)
            on_input(hangup_context);
        else if (hung_up_ && on_hangup)
            on_hangup(hangup_context);
    }
}

}  // namespace bext::net
