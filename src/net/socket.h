// Socket: a Stream over one non-blocking socket, edge-triggered.
#pragma once

#include "base/fd.h"
#include "net/loop.h"
#include "net/stream.h"

namespace bext::net {

class Socket final : public Stream, private Watch {
public:
    /// Takes a connected (or connecting) non-blocking socket into this thread's loop.
    explicit Socket(Fd fd, bool connecting = false);
    ~Socket() override;

    ssize_t read(std::span<char> into) override;
    ssize_t write(std::span<const struct iovec> pieces, bool more) override;
    bool sends_files() const override { return true; }
    ssize_t send_file(int fd, off_t offset, std::size_t length) override;
    Waiting readable(std::uint64_t timeout_ms) override { return {reader_, readable_, timeout_ms}; }
    Waiting writable(std::uint64_t timeout_ms) override { return {writer_, writable_, timeout_ms}; }
    void cancel() override;
    int fd() const override { return fd_.get(); }
    void shutdown_write() override;

    bool hung_up() const override { return hung_up_; }
    /// Whether a read may find something.
    bool may_read() const { return readable_; }
    /// A wait that is over at once.
    Waiting ready_now() { return {reader_, true, 0}; }
    /// Bytes that are there are not enough (a peek): wait for more.
    void not_readable() { readable_ = false; }
    /// The error of a finished connect(), 0 on success.
    int connect_error() const;

    /// Frees the socket after the current batch of events; closes it now.
    static void destroy(Socket* socket);

    struct Destroy {
        void operator()(Socket* socket) const { Socket::destroy(socket); }
    };

private:
    void ready(std::uint32_t events) override;
    ssize_t not_writable();

    Fd fd_;
    bool readable_ = false;
    bool writable_ = true;
    bool watches_writes_ = false;
    bool hung_up_ = false;
    Gate reader_;
    Gate writer_;
};

}  // namespace bext::net
