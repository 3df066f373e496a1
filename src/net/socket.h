// Socket: a Stream over one non-blocking socket, edge-triggered. What it reads and writes in one turn of the loop is bounded:
// then it says -EAGAIN, as if there were no more, and goes on in the next (docs/adr/0013-turns.md).
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
    Waiting readable(std::uint64_t timeout_ms) override { return {reader_, may_read(), timeout_ms}; }
    Waiting writable(std::uint64_t timeout_ms) override { return {writer_, writable_ && !used_up(written_, most_written_), timeout_ms}; }
    void cancel() override;
    int fd() const override { return fd_.get(); }
    void shutdown_write() override;

    bool hung_up() const override { return hung_up_; }
    /// Whether a read may find something.
    bool may_read() const { return readable_ && !used_up(read_, kMostRead); }
    /// A wait that is over at once.
    Waiting ready_now() { return {reader_, true, 0}; }
    /// Bytes that are there are not enough (a peek): wait for more.
    void not_readable() { readable_ = false; }
    /// The error of a finished connect(), 0 on success.
    int connect_error() const;
    /// The most bytes written in one turn of the loop (sendfile_max_chunk); 0: no bound.
    void limit_turn(std::uint32_t bytes) override { most_written_ = bytes; }

    /// Frees the socket after the current batch of events; closes it now.
    static void destroy(Socket* socket);

    struct Destroy {
        void operator()(Socket* socket) const { Socket::destroy(socket); }
    };

private:
    static constexpr std::uint32_t kMostRead = 256 * 1024;         // in one turn, bytes and
    static constexpr std::uint32_t kReadCost = 1024;               // what a read costs beside them
    static constexpr std::uint32_t kMostWritten = 2 * 1024 * 1024;  // sendfile_max_chunk's default

    void ready(std::uint32_t events) override;
    void became_readable();
    ssize_t not_writable();
    bool used_up(std::uint32_t used, std::uint32_t most) const { return most && used >= most && batch_ == Loop::current().batch(); }
    void use(std::uint32_t& count, std::uint64_t amount, std::uint32_t most);
    static void go_on(Turn& turn);

    Fd fd_;
    bool readable_ = false;
    bool writable_ = true;
    bool watches_writes_ = false;
    bool hung_up_ = false;
    std::uint32_t read_ = 0, written_ = 0;  // in the turn batch_
    std::uint32_t most_written_ = kMostWritten;
    std::uint64_t batch_ = 0;
    Gate reader_;
    Gate writer_;
    struct Rest : Turn {
        explicit Rest(Socket& s) : Turn(&Socket::go_on), socket(s) {}
        Socket& socket;
    } rest_{*this};
};

}  // namespace bext::net
