// The way out of an HTTP/1 connection: the header's bytes, chunked framing, writes, rate limits.
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "base/pulse.h"
#include "http/answer.h"
#include "http/dates.h"
#include "http/pace.h"
#include "http1/connection.h"

namespace bext::http1 {

using http::Name;
using http::Piece;
using http::Request;

namespace {

constexpr std::size_t kFileBuffer = 65536;  // read at once of a file that cannot be sent by the kernel

/// Writes into memory of known size.
struct Writer {
    char* p;
    void put(std::string_view text) {
        std::memcpy(p, text.data(), text.size());
        p += text.size();
    }
    void put(std::uint64_t number) { p = put_decimal(p, number); }
};

void put_status_line(Writer& w, const http::Response& out) {
    w.put("HTTP/1.1 ");
    auto line = out.status_line.empty() ? http::status::line(out.status) : out.status_line;
    if (!line.empty()) return w.put(line);
    if (out.status < 100) w.put(out.status < 10 ? "00" : "0");
    w.put(static_cast<std::uint64_t>(out.status));
    w.put(" ");
}

void put_content_type(Writer& w, http::Response& out) {
    if (out.content_type.empty()) return;
    w.put("\r\nContent-Type: ");
    char* type = w.p;
    w.put(out.whole_type());
    if (!out.type_rest.empty() || out.charset.empty()) return;
    w.put("; charset=");
    w.put(out.charset);
    out.content_type = {type, static_cast<std::size_t>(w.p - type)};  // as $sent_http_content_type shows it
}

void put_connection(Writer& w, Request& r) {
    if (r.out.status == 101) return w.put("\r\nConnection: upgrade");
    if (!r.keepalive) return w.put("\r\nConnection: close");
    w.put("\r\nConnection: keep-alive");
    if (auto seconds = r.conf<http::Client>().keepalive_header->count()) {
        w.put("\r\nKeep-Alive: timeout=");
        w.put(static_cast<std::uint64_t>(seconds));
    }
}

/// The fields that nginx makes itself, in its order; each begins with the end of the line before it.
void put_own_fields(Writer& w, Request& r, std::string_view date) {
    auto& out = r.out;
    if (!out.headers.has(Name::kServer)) {
        w.put("\r\nServer: ");
        w.put(http::server_field(r));
    }
    if (!out.headers.has(Name::kDate)) {
        w.put("\r\nDate: ");
        w.put(date);
    }
    put_content_type(w, out);
    if (out.content_length >= 0 && !out.headers.has(Name::kContentLength)) {
        w.put("\r\nContent-Length: ");
        w.put(static_cast<std::uint64_t>(out.content_length));
    }
    if (out.last_modified != -1 && !out.headers.has(Name::kLastModified)) {
        w.put("\r\nLast-Modified: ");
        w.p = http::put_http_date(w.p, out.last_modified);
    }
    if (!out.location_sent.empty()) {
        w.put("\r\nLocation: ");
        w.put(out.location_sent);
    }
    if (out.chunked) w.put("\r\nTransfer-Encoding: chunked");
    put_connection(w, r);
    if (out.vary_by_encoding) w.put("\r\nVary: Accept-Encoding");
}

}  // namespace

void ClientConnection::header(Request& r) {
    stream_->limit_turn(static_cast<std::uint32_t>(std::min<std::uint64_t>(r.conf<http::Client>().sendfile_max_chunk->value, UINT32_MAX)));
    if (r.http_version < 1000) return;
    auto& out = r.out;
    http::settle_answer(r);
    if (thread_.ends_keepalive(!tls)) r.keepalive = false;
    std::size_t size = 512 + out.status_line.size() + out.whole_type().size() + out.charset.size() + out.location_sent.size();
    for (auto& h : out.headers)
        if (!h.gone) size += h.name.size() + h.value.size() + 4;
    char* begin = r.arena.bytes(size);
    Writer w{begin};
    put_status_line(w, out);
    put_own_fields(w, r, thread_.http_date());
    w.put("\r\n");
    for (auto& h : out.headers) {
        if (h.gone || h.silent()) continue;
        w.put(h.name);
        w.put(": ");
        w.put(h.value);
        w.put("\r\n");
    }
    w.put("\r\n");
    r.header_size = static_cast<std::uint64_t>(w.p - begin);
    queue(Piece::memory({begin, r.header_size}));
}

void ClientConnection::queue(const Piece& piece) {
    if (piece.size == 0) return;
    if (queue_size_ == queue_capacity_) {
        if (next_piece_ > queue_size_ / 2) {  // most of it was written: use the room again
            std::copy(queue_ + next_piece_, queue_ + queue_size_, queue_);
            queue_size_ -= next_piece_;
            next_piece_ = 0;
        } else {
            std::uint32_t capacity = queue_capacity_ ? queue_capacity_ * 2 : 8;
            auto* grown = static_cast<Piece*>(request_->arena.allocate(capacity * sizeof(Piece), alignof(Piece)));
            std::copy(queue_, queue_ + queue_size_, grown);
            queue_ = grown;
            queue_capacity_ = capacity;
        }
    }
    queue_[queue_size_++] = piece;
    queued_ += piece.size;
}

/// Keeps a copy of a small piece that is not worth a packet of its own (postpone_output).
void ClientConnection::hold(std::string_view text) {
    std::memcpy(held_ + held_size_, text.data(), text.size());
    held_size_ += text.size();
}

namespace {

/// The last chunk with the trailer section behind it.
std::string_view last_chunk(Request& r) {
    std::string text = "0\r\n";
    for (auto& field : *r.out.trailers) text.append(field.name).append(": ").append(field.value).append("\r\n");
    return r.arena.copy(text + "\r\n");
}

}  // namespace

bool ClientConnection::body(Request& r, const http::Chain& chain, bool last, bool flush_now) {
    auto size = http::size_of(chain);
    if (r.out.chunked && size && !r.out.header_only) {
        char* head = r.arena.bytes(kChunkHeader);
        queue(Piece::memory({head, static_cast<std::size_t>(write_chunk_header(head, size) - head)}));
    }
    for (auto& piece : chain) queue(piece);
    if (r.out.chunked && !r.out.header_only) {
        if (size) queue(Piece::memory("\r\n"));
        if (last) queue(Piece::memory(r.out.trailers ? last_chunk(r) : "0\r\n\r\n"));
    }
    // The last bytes are held back for the end of the connection, which shares their packet: the client is woken once.
    ends_now_ = last && !r.keepalive && !tls && !r.subrequests;
    if (!last && !flush_now && queued_ < r.conf<http::Client>().postpone_output->value) return postpone(r);
    return flush(r) != Flushed::kFailed;
}

/// Copies what is queued, so that its owners may go on, and waits for more.
bool ClientConnection::postpone(Request& r) {
    if (next_piece_ == queue_size_) return true;
    auto limit = static_cast<std::size_t>(r.conf<http::Client>().postpone_output->value);
    for (auto i = next_piece_; i < queue_size_; ++i)
        if (!queue_[i].in_memory()) return flush(r) != Flushed::kFailed;
    if (!held_) {
        held_capacity_ = 2 * limit;
        held_ = r.arena.bytes(held_capacity_);
    }
    // The held bytes, when there are any, are the queue's first piece.
    if (held_size_ == 0 || queue_[next_piece_].data != held_) {
        held_size_ = 0;
        for (auto i = next_piece_; i < queue_size_; ++i) hold({queue_[i].data, queue_[i].size});
    } else {
        for (auto i = next_piece_ + 1; i < queue_size_; ++i) hold({queue_[i].data, queue_[i].size});
    }
    next_piece_ = queue_size_ = 0;
    queued_ = 0;
    held_waiting_ = true;
    queue(Piece::memory({held_, held_size_}));
    return true;
}

namespace {

void consume(Piece& piece, std::uint64_t n) {
    if (piece.in_memory()) piece.data += n;
    else piece.offset += static_cast<off_t>(n);
    piece.size -= n;
}

}  // namespace

/// Writes a run of memory pieces or one file range; returns bytes or -errno.
ssize_t ClientConnection::write_some(Request& r, std::uint64_t most) {
    struct iovec pieces[64];
    std::size_t count = 0;
    std::uint64_t total = 0;
    auto i = next_piece_;
    for (; i < queue_size_ && count < 64 && queue_[i].in_memory() && total < most; ++i) {
        auto n = std::min<std::uint64_t>(queue_[i].size, most - total);
        pieces[count++] = {const_cast<char*>(queue_[i].data), n};
        total += n;
    }
    if (count == 0) return write_file(r, queue_[next_piece_], most);
    bool whole = i == queue_size_ && total < most;
    bool more = whole ? ends_now_ : i < queue_size_ && queue_[i].in_file() && total < most;
    ssize_t n = stream_->write({pieces, count}, more);
    if (n <= 0) return n;
    auto left = static_cast<std::uint64_t>(n);
    queued_ -= left;
    while (left) {
        auto take = std::min<std::uint64_t>(left, queue_[next_piece_].size);
        consume(queue_[next_piece_], take);
        left -= take;
        if (queue_[next_piece_].size == 0) ++next_piece_;
    }
    return n;
}

ssize_t ClientConnection::write_file(Request& r, Piece& piece, std::uint64_t most) {
    auto size = std::min<std::uint64_t>(piece.size, most);
    ssize_t n;
    if (stream_->sends_files() && *r.conf<http::Client>().sendfile) {
        Blocking mark("sendfile", {});
        n = stream_->send_file(piece.fd, piece.offset, std::min<std::uint64_t>(size, 1 << 30));
        if (n == 0) {  // the file became shorter than it was
            r.log(Level::kAlert, "sendfile() reported that the file was truncated");
            return -EIO;
        }
    } else {
        static thread_local std::unique_ptr<char[]> buffer(new char[kFileBuffer]);
        Blocking mark("pread", {});
        ssize_t got = ::pread(piece.fd, buffer.get(), std::min<std::uint64_t>(size, kFileBuffer), piece.offset);
        if (got <= 0) {
            r.log(Level::kAlert, got < 0 ? "pread() failed" : "pread() read only 0 bytes: the file was truncated", got < 0 ? errno : 0);
            return -EIO;
        }
        struct iovec one {buffer.get(), static_cast<std::size_t>(got)};
        n = stream_->write({&one, 1}, false);
    }
    if (n <= 0) return n;
    consume(piece, static_cast<std::uint64_t>(n));
    queued_ -= static_cast<std::uint64_t>(n);
    if (piece.size == 0) ++next_piece_;
    return n;
}

ClientConnection::Flushed ClientConnection::flush(Request& r) {
    if (failed_) return Flushed::kFailed;
    while (next_piece_ < queue_size_) {
        delay_ms_ = 0;
        auto most = http::allowance(r, stream_->sent - request_start_sent_, delay_ms_);
        if (most == 0) return Flushed::kBlocked;
        ssize_t n = write_some(r, most);
        if (n > 0) continue;
        if (n == -EAGAIN) return Flushed::kBlocked;
        failed_ = true;
        if (n != -EIO) r.log(n == -EPIPE || n == -ECONNRESET ? Level::kInfo : Level::kAlert, "send() failed", static_cast<int>(-n));
        return Flushed::kFailed;
    }
    next_piece_ = queue_size_ = 0;
    queued_ = 0;
    held_size_ = 0;
    held_waiting_ = false;
    return Flushed::kAll;
}

Task<bool> ClientConnection::drain(Request& r) {
    for (;;) {
        auto state = flush(r);
        if (state == Flushed::kAll) co_return true;
        if (state == Flushed::kFailed) co_return false;
        if (delay_ms_) {
            bool there = co_await r.pause(delay_ms_);
            if (there) continue;
            failed_ = true;
            co_return false;
        }
        auto wait = co_await stream_->writable(static_cast<std::uint64_t>(r.conf<http::Client>().send_timeout->count()));
        if (wait == net::Wait::kReady) continue;
        if (wait == net::Wait::kTimeout) {
            r.timed_out = true;
            r.log(Level::kInfo, "client timed out", ETIMEDOUT);
        }
        failed_ = true;
        co_return false;
    }
}

}  // namespace bext::http1
