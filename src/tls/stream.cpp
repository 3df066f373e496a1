#include "tls/stream.h"

#include <algorithm>
#include <cstring>

#include "tls/shield.h"

namespace bext::tls {
namespace {

constexpr std::size_t kRecord = 16384;  // the most plain text of one record

/// A BIO over net::Socket: unlike OpenSSL's own it knows when a read would find nothing, and saves that system call.
int bio_read(BIO* bio, char* into, int size) {
    auto& socket = static_cast<Wire*>(BIO_get_data(bio))->socket;
    BIO_clear_retry_flags(bio);
    if (!socket.may_read()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t n = socket.read({into, static_cast<std::size_t>(size)});
    if (n == -EAGAIN) BIO_set_retry_read(bio);
    if (n < 0) errno = static_cast<int>(-n);
    return n < 0 ? -1 : static_cast<int>(n);
}

int bio_write(BIO* bio, const char* from, int size) {
    auto& wire = *static_cast<Wire*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    ssize_t n = wire.write({from, static_cast<std::size_t>(size)});
    if (n == -EAGAIN) BIO_set_retry_write(bio);
    if (n < 0) errno = static_cast<int>(-n);
    return n < 0 ? -1 : static_cast<int>(n);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* socket_bio() {
    static BIO_METHOD* method = [] {
        auto* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bext socket");
        BIO_meth_set_read(m, bio_read);
        BIO_meth_set_write(m, Shield<bio_write, -1>::call);
        BIO_meth_set_ctrl(m, bio_control);
        return m;
    }();
    return method;
}

}  // namespace

bool Wire::flush() {
    while (!held.empty()) {
        struct iovec piece {held.data(), held.size()};
        ssize_t n = socket.write({&piece, 1}, false);
        if (n == -EAGAIN) return false;
        if (n < 0) n = static_cast<ssize_t>(held.size());  // it is lost: whoever reads will find out
        held.erase(0, static_cast<std::size_t>(n));
    }
    return true;
}

ssize_t Wire::write(std::string_view from) {
    if (hold) {
        held += from;
        return static_cast<ssize_t>(from.size());
    }
    struct iovec pieces[] = {{held.data(), held.size()}, {const_cast<char*>(from.data()), from.size()}};
    ssize_t n = held.empty() ? socket.write({pieces + 1, 1}, false) : socket.write(pieces, false);
    if (n < 0 || held.empty()) return n;
    auto first = std::min(held.size(), static_cast<std::size_t>(n));
    held.erase(0, first);
    n -= static_cast<ssize_t>(first);
    return n == 0 && !from.empty() ? -EAGAIN : n;
}

TlsStream::TlsStream(SslPtr ssl, net::Socket& socket) : ssl_(std::move(ssl)), wire_{socket} {
    BIO* bio = BIO_new(socket_bio());
    if (!bio) throw std::bad_alloc();
    BIO_set_data(bio, &wire_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStream::Step TlsStream::handshake() {
    ERR_clear_error();
    wire_.hold = true;
    int rc = SSL_do_handshake(ssl_.get());
    wire_.hold = false;
    if (rc == 1) return Step::kDone;
    int why = SSL_get_error(ssl_.get(), rc);
    if (!wire_.flush()) return Step::kWrite;
    switch (why) {
        case SSL_ERROR_WANT_READ: return Step::kRead;
        case SSL_ERROR_WANT_WRITE: return Step::kWrite;
        case SSL_ERROR_ZERO_RETURN: closed_ = true; return Step::kFailed;
        default: return Step::kFailed;
    }
}

ssize_t TlsStream::failed(int result, bool writing) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            write_wants_read_ = writing;
            starved_ = !writing;
            return -EAGAIN;
        case SSL_ERROR_WANT_WRITE:
            read_wants_write_ = !writing;
            return -EAGAIN;
        case SSL_ERROR_ZERO_RETURN: closed_ = true; return writing ? -EPIPE : 0;
        case SSL_ERROR_SYSCALL: {
            broken_ = true;
            int error = errno;
            ERR_clear_error();
            return error ? -error : (writing ? -EPIPE : 0);
        }
        default:
            broken_ = true;
            ERR_clear_error();
            return -EPROTO;
    }
}

ssize_t TlsStream::read(std::span<char> into) {
    if (broken_) return -EPROTO;
    read_wants_write_ = starved_ = false;
    ERR_clear_error();
    errno = 0;
    int n = SSL_read(ssl_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), INT32_MAX)));
    return n > 0 ? n : failed(n, false);
}

ssize_t TlsStream::write(std::span<const struct iovec> pieces, bool) {
    if (broken_) return -EPIPE;
    write_wants_read_ = false;
    static thread_local char record[kRecord];
    const char* from = static_cast<const char*>(pieces[0].iov_base);
    std::size_t size = std::min(pieces[0].iov_len, kRecord);
    if (pieces.size() > 1 && size < kRecord) {  // header and body in one record, one packet
        size = 0;
        for (auto& piece : pieces) {
            auto n = std::min(piece.iov_len, kRecord - size);
            std::memcpy(record + size, piece.iov_base, n);
            size += n;
            if (size == kRecord) break;
        }
        from = record;
    }
    ERR_clear_error();
    errno = 0;
    int n = SSL_write(ssl_.get(), from, static_cast<int>(size));
    if (n <= 0) return failed(n, true);
    sent += static_cast<std::uint64_t>(n);
    return n;
}

ssize_t TlsStream::send_file(int, off_t, std::size_t) { return -EOPNOTSUPP; }

net::Stream::Waiting TlsStream::readable(std::uint64_t timeout_ms) {
    if (read_wants_write_) return wire_.socket.writable(timeout_ms);
    // A part of a record is pending too: once a read has found no whole one, only more bytes help.
    bool pending = SSL_pending(ssl_.get()) > 0 || (!starved_ && SSL_has_pending(ssl_.get()));
    if (pending || closed_ || broken_) return wire_.socket.ready_now();
    if (!wire_.socket.may_read()) wire_.flush();
    return wire_.socket.readable(timeout_ms);
}

net::Stream::Waiting TlsStream::writable(std::uint64_t timeout_ms) {
    if (write_wants_read_) return wire_.socket.readable(timeout_ms);
    return wire_.socket.writable(timeout_ms);
}

void TlsStream::shutdown_write() {
    if (broken_ || !SSL_is_init_finished(ssl_.get())) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

}  // namespace bext::tls
