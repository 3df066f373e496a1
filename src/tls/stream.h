// TlsStream: a Stream that encrypts what goes through another one (RFC 8446 by OpenSSL).
#pragma once

#include "net/socket.h"
#include "net/stream.h"
#include "tls/openssl.h"

namespace bext::tls {

class TlsStream : public net::Stream {
public:
    /// `socket` stays its owner's and outlives this.
    TlsStream(SslPtr ssl, net::Socket& socket);

    ssize_t read(std::span<char> into) override;
    ssize_t write(std::span<const struct iovec> pieces, bool more) override;
    ssize_t send_file(int fd, off_t offset, std::size_t length) override;
    Waiting readable(std::uint64_t timeout_ms) override;
    Waiting writable(std::uint64_t timeout_ms) override;
    void cancel() override { socket_.cancel(); }
    int fd() const override { return socket_.fd(); }
    void shutdown_write() override;
    bool tls() const override { return true; }
    bool hung_up() const override { return socket_.hung_up(); }

    enum class Step { kDone, kRead, kWrite, kFailed };
    /// One step of the handshake: done, what to wait for, or why it failed (OpenSSL's queue of errors).
    Step handshake();
    SSL* ssl() const { return ssl_.get(); }
    net::Socket& socket() { return socket_; }
    bool peer_closed() const { return closed_; }

private:
    ssize_t failed(int result, bool writing);

    SslPtr ssl_;
    net::Socket& socket_;
    bool read_wants_write_ = false;
    bool write_wants_read_ = false;
    bool starved_ = false;  // what is buffered is part of a record: more must arrive first
    bool closed_ = false;  // close_notify or the end of the stream was seen
    bool broken_ = false;
};

}  // namespace bext::tls
