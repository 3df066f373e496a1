// TlsStream: a Stream that encrypts what goes through another one (RFC 8446 by OpenSSL).
#pragma once

#include <string>
#include <string_view>

#include "net/socket.h"
#include "net/stream.h"
#include "tls/openssl.h"

namespace bext::tls {

/// The socket below, and records that wait for company: each send costs more than what it saves to send early.
struct Wire {
    net::Socket& socket;
    bool hold = false;  // what is written is kept
    std::string held{};

    /// Sends what is held. False when some of it must wait for the socket.
    bool flush();
    /// Sends `from`, behind what is held; -errno as Stream::write.
    ssize_t write(std::string_view from);
};

class TlsStream : public net::Stream {
public:
    /// `socket` stays its owner's and outlives this.
    TlsStream(SslPtr ssl, net::Socket& socket);

    ssize_t read(std::span<char> into) override;
    ssize_t write(std::span<const struct iovec> pieces, bool more) override;
    ssize_t send_file(int fd, off_t offset, std::size_t length) override;
    Waiting readable(std::uint64_t timeout_ms) override;
    Waiting writable(std::uint64_t timeout_ms) override;
    void cancel() override { wire_.socket.cancel(); }
    int fd() const override { return wire_.socket.fd(); }
    void shutdown_write() override;
    bool tls() const override { return true; }
    void limit_turn(std::uint32_t bytes) override { wire_.socket.limit_turn(bytes); }
    bool hung_up() const override { return wire_.socket.hung_up(); }

    enum class Step { kDone, kRead, kWrite, kFailed };
    /// One step of the handshake: done, what to wait for, or why it failed (OpenSSL's queue of errors). What its end has
    /// to say (tickets, the last Finished) goes with the first write, or when more is waited for.
    Step handshake();
    SSL* ssl() const { return ssl_.get(); }
    net::Socket& socket() { return wire_.socket; }
    bool peer_closed() const { return closed_; }

private:
    ssize_t failed(int result, bool writing);

    SslPtr ssl_;
    Wire wire_;
    bool read_wants_write_ = false;
    bool write_wants_read_ = false;
    bool starved_ = false;  // what is buffered is part of a record: more must arrive first
    bool closed_ = false;  // close_notify or the end of the stream was seen
    bool broken_ = false;
};

}  // namespace bext::tls
