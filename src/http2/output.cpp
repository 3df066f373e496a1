// What goes out on a stream: its header, and its body in DATA frames as the client's windows allow.
#include "http/answer.h"
#include "http/core_conf.h"
#include "http/dates.h"
#include "http/pace.h"
#include "http2/connection.h"
#include "http2/hpack.h"

namespace bext::http2 {

using http::Name;

namespace {

constexpr std::size_t kOwnFields = 512;
constexpr std::size_t kMostData = 48 * 1024;  // in one frame: it is put together in a buffer

/// The type as it is sent, which $sent_http_content_type shows.
void settle_type(http::Request& r) {
    auto& out = r.out;
    if (out.content_type.empty() || !out.type_rest.empty() || out.charset.empty()) return;
    out.content_type = r.arena.cat({out.content_type, "; charset=", out.charset});
    out.charset = {};
}

std::size_t room_for(const http::Response& out, std::string_view server) {
    auto size = kOwnFields + server.size() + out.whole_type().size() + out.location_sent.size();
    for (auto& h : out.headers)
        if (!h.gone) size += h.name.size() + h.value.size() + HeaderWriter::kFieldRoom;
    return size;
}

/// Fields that are about a connection are not for HTTP/2 (section 8.2.2).
bool of_connection(const http::Header& field) {
    switch (field.known) {
        case Name::kConnection: case Name::kKeepAlive: case Name::kProxyConnection: case Name::kTransferEncoding: case Name::kUpgrade: return true;
        default: return false;
    }
}

/// The fields in nginx's order.
void put_fields(HeaderWriter& w, const http::Response& out, std::string_view server, std::string_view date) {
    w.status(out.status);
    if (!out.headers.has(Name::kServer)) w.field(StaticName::kServer, server);
    if (!out.headers.has(Name::kDate)) w.field(StaticName::kDate, date);
    if (!out.content_type.empty()) w.field(StaticName::kContentType, out.whole_type());
    if (out.content_length >= 0 && !out.headers.has(Name::kContentLength)) w.field(StaticName::kContentLength, static_cast<std::uint64_t>(out.content_length));
    if (out.last_modified != -1 && !out.headers.has(Name::kLastModified)) {
        char text[40];
        w.field(StaticName::kLastModified, {text, static_cast<std::size_t>(http::put_http_date(text, out.last_modified) - text)});
    }
    if (!out.location_sent.empty()) w.field(StaticName::kLocation, out.location_sent);
    if (out.vary_by_encoding) w.field(StaticName::kVary, "Accept-Encoding");
    for (auto& h : out.headers)
        if (!h.gone && !h.silent() && !of_connection(h)) w.field(h.name, h.value);
}

}  // namespace

void Stream::header(http::Request& r) {
    auto& out = r.out;
    http::settle_answer(r);
    settle_type(r);
    if (broken_) return;
    auto server = http::server_field(r);
    char* block = r.arena.bytes(room_for(out, server));
    HeaderWriter w(block);
    if (connection_.take_table_update()) w.no_table();
    put_fields(w, out, server, http::Thread::current().http_date());
    auto size = static_cast<std::size_t>(w.p - block);
    bool end = out.header_only || (out.content_length == 0 && !out.trailers && out.headers.has(Name::kContentLength) == false);
    auto before = sent_;
    put_header_block(block, size, end);
    r.header_size = sent_ - before;
    connection_.flush_later();
}

/// HEADERS, and CONTINUATION where it does not fit.
void Stream::put_header_block(const char* block, std::size_t size, bool end) {
    auto most = static_cast<std::size_t>(connection_.frame_size());
    auto type = Type::kHeaders;
    do {
        auto part = std::min(size, most);
        auto flags = static_cast<std::uint8_t>((type == Type::kHeaders && end ? kEndStream : 0) | (part == size ? kEndHeaders : 0));
        char* p = put_head(connection_.room(kFrameHead + part), static_cast<std::uint32_t>(part), type, flags, id_);
        std::memcpy(p, block, part);
        connection_.put(kFrameHead + part);
        sent_ += kFrameHead + part;
        block += part;
        size -= part;
        type = Type::kContinuation;
    } while (size);
    out_closed_ |= end;
}

void Stream::put_trailers() {
    std::size_t size = 16;
    auto& trailers = *request_.out.trailers;
    for (auto& h : trailers) size += h.name.size() + h.value.size() + HeaderWriter::kFieldRoom;
    char* block = request_.arena.bytes(size);
    HeaderWriter w(block);
    if (connection_.take_table_update()) w.no_table();
    for (auto& h : trailers) w.field(h.name, h.value);
    auto before = sent_;
    put_header_block(block, static_cast<std::size_t>(w.p - block), true);
    request_.header_size += sent_ - before;
}

bool Stream::body(http::Request&, const http::Chain& chain, bool last, bool) {
    if (broken_) return false;
    if (out_closed_) return true;
    for (auto& piece : chain) {
        if (piece.size == 0) continue;
        queue_.push(piece);
        left_ += piece.size;
    }
    last_ = last;
    while (emit() == Emitted::kYes) {
    }
    connection_.flush_later();
    return !broken_;
}

/// One DATA frame, or what ends the stream.
Stream::Emitted Stream::emit() {
    if (broken_ || out_closed_) return Emitted::kNothing;
    auto& r = request_;
    if (left_ == 0) {
        if (!last_) return Emitted::kNothing;
        if (r.out.trailers) {
            put_trailers();
        } else {
            put_head(connection_.room(kFrameHead), 0, Type::kData, kEndStream, id_);
            connection_.put(kFrameHead);
            sent_ += kFrameHead;
            r.header_size += kFrameHead;
            out_closed_ = true;
        }
        return Emitted::kNothing;
    }
    auto window = std::min(send_window_, connection_.send_window());
    if (window <= 0) return Emitted::kNoWindow;
    std::uint64_t wait_ms = 0;
    auto most = http::allowance(r, sent_, wait_ms);
    if (most == 0) {
        delay_.arm(wait_ms);
        return Emitted::kDelayed;
    }
    auto chunk = std::min({r.conf<http::Http2Chunk>().size->value, std::uint64_t{connection_.frame_size()}, std::uint64_t{kMostData}});
    auto size = static_cast<std::size_t>(std::min({left_, static_cast<std::uint64_t>(window), most, chunk}));
    if (kFrameHead + size > connection_.data_room()) return Emitted::kNoRoom;
    char* p = connection_.room(kFrameHead + size);
    auto got = copy(p + kFrameHead, size);
    if (got != size) {  // a file that became shorter than it was
        broken_ = true;
        stop(Code::kInternal);
        return Emitted::kNothing;
    }
    bool end = left_ == 0 && last_ && !r.out.trailers;
    put_head(p, static_cast<std::uint32_t>(size), Type::kData, end ? kEndStream : 0, id_);
    connection_.put(kFrameHead + size);
    connection_.use_window(static_cast<std::int64_t>(size));
    send_window_ -= static_cast<std::int64_t>(size);
    sent_ += kFrameHead + size;
    r.header_size += kFrameHead;  // what a frame costs is none of the body, as nginx counts
    turn_ = connection_.next_turn();
    progress_at_ = net::Loop::current().now();
    out_closed_ |= end;
    if (left_ == 0) {
        queue_.clear();
        next_ = 0;
        writer_.open(net::Wait::kReady);
    }
    return Emitted::kYes;
}

/// Takes that much of the queue.
std::size_t Stream::copy(char* to, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
        auto& piece = queue_[next_];
        auto part = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size, size - done));
        if (piece.in_memory()) {
            std::memcpy(to + done, piece.data, part);
            piece.data += part;
        } else {
            Blocking mark("pread", {});
            ssize_t got = ::pread(piece.fd, to + done, part, piece.offset);
            if (got <= 0) {
                request_.log(Level::kAlert, got < 0 ? "pread() failed" : "pread() read only 0 bytes: the file was truncated", got < 0 ? errno : 0);
                return done;
            }
            part = static_cast<std::size_t>(got);
            piece.offset += got;
        }
        piece.size -= part;
        left_ -= part;
        done += part;
        if (piece.size == 0) ++next_;
    }
    return done;
}

/// Until everything has gone into the connection's buffer: nothing of the request is needed any more then.
Task<bool> Stream::drain(http::Request& r) {
    for (bool waits = false;;) {
        while (emit() == Emitted::kYes) {
        }
        connection_.flush_later();
        if (broken_) co_return false;
        if (left_ == 0) co_return true;
        auto now = net::Loop::current().now();
        if (!waits || delay_.armed()) progress_at_ = now;
        waits = true;
        auto end = progress_at_ + static_cast<std::uint64_t>(r.conf<http::Client>().send_timeout->count());
        auto wait = co_await net::Stream::Waiting(writer_, false, delay_.armed() ? 0 : end > now ? end - now : 1);
        if (broken_) co_return false;
        if (wait != net::Wait::kTimeout || net::Loop::current().now() < progress_at_ + static_cast<std::uint64_t>(r.conf<http::Client>().send_timeout->count())) continue;
        r.timed_out = true;
        r.log(Level::kInfo, "client timed out", ETIMEDOUT);
        co_return false;
    }
}

void Stream::delay_over(net::Timer& timer) { static_cast<Delay&>(timer).stream.writer_.open(net::Wait::kReady); }

}  // namespace bext::http2
