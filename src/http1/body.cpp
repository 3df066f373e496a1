// The body of a request as it comes off an HTTP/1 connection: by length or chunked, with "Expect: 100-continue".
#include "http1/connection.h"

namespace bext::http1 {

namespace status = http::status;

/// Bytes from the buffer first, then from the stream.
Task<http::BodySource::Read> ClientConnection::read_raw(std::span<char> into) {
    if (in_.begin < in_.end) {
        auto n = std::min(into.size(), in_.end - in_.begin);
        std::memcpy(into.data(), in_.data + in_.begin, n);
        in_.begin += n;
        co_return Read{n, 0};
    }
    auto& client = request_->conf<http::Client>();
    auto timeout = request_->discarding ? client.lingering_timeout->count() : client.body_timeout->count();
    for (;;) {
        auto wait = co_await more(static_cast<std::uint64_t>(timeout));
        if (wait == net::Wait::kTimeout) {
            request_->timed_out = true;
            co_return Read{0, status::kTimeout};
        }
        if (wait == net::Wait::kCancelled) co_return Read{0, status::kClientClosed};
        ssize_t n = stream_->read(into);
        if (n > 0) co_return Read{static_cast<std::size_t>(n), 0};
        if (n == -EAGAIN) continue;
        failed_ = true;
        request_->log(Level::kInfo, n < 0 ? "recv()" : "client prematurely closed connection", n < 0 ? static_cast<int>(-n) : 0);
        co_return Read{0, status::kBadRequest};
    }
}

/// What has come with the head needs no room in nginx's buffer, nor does a rest that fits behind it.
std::size_t ClientConnection::buffer_size(std::int64_t length, std::size_t configured) const {
    auto come = in_.end - in_.begin;
    if (length < 0) return std::max(configured, come);
    auto whole = static_cast<std::size_t>(length);
    auto rest = whole - std::min(come, whole);
    return rest < configured + configured / 4 || rest <= in_.size - in_.end ? whole + 1 : configured;
}

int ClientConnection::discard_available() {
    if (!request_->chunked_body) {
        auto n = std::min(in_.end - in_.begin, static_cast<std::size_t>(body_left_));
        in_.begin += n;
        body_left_ -= static_cast<std::int64_t>(n);
        if (body_left_ == 0) body_done_ = true;
        return 0;
    }
    while (!body_done_ && in_.begin < in_.end) {
        std::size_t used = 0;
        std::string_view data;
        auto step = chunked_.feed(in_.unused(), used, data);
        in_.begin += used;
        if (step == ChunkedDecoder::Step::kDone) body_done_ = true;
        if (step != ChunkedDecoder::Step::kInvalid) continue;
        request_->log(Level::kError, "client sent invalid chunked body");
        body_done_ = true;
        return status::kBadRequest;
    }
    return 0;
}

/// What the buffer or the stream holds now, undecoded.
ssize_t ClientConnection::raw_now(std::span<char> into) {
    if (in_.begin < in_.end) {
        auto n = std::min(into.size(), in_.end - in_.begin);
        std::memcpy(into.data(), in_.data + in_.begin, n);
        in_.begin += n;
        return static_cast<ssize_t>(n);
    }
    if (!more(1).await_ready()) return -EAGAIN;
    ssize_t n = stream_->read(into);
    return n > 0 ? n : -EAGAIN;  // the end or an error is met again by read(), which reports it
}

ssize_t ClientConnection::read_now(std::span<char> into) {
    if (body_done_) return 0;
    if (!request_->chunked_body) {
        auto n = raw_now(into.first(std::min(into.size(), static_cast<std::size_t>(body_left_))));
        if (n <= 0) return n;
        body_left_ -= n;
        body_size_ += static_cast<std::uint64_t>(n);
        count(static_cast<std::uint64_t>(n));
        body_done_ = body_left_ == 0;
        return n;
    }
    auto most = request_->conf<http::Client>().max_body_size->value;
    for (;;) {
        if (in_.begin == in_.end) {
            use_body_buffer();
            auto n = raw_now({in_.data, in_.size});
            if (n <= 0) return n;
            in_.end = static_cast<std::size_t>(n);
        }
        auto ahead = chunked_;
        std::size_t used = 0;
        std::string_view data;
        auto step = ahead.feed(in_.unused().substr(0, into.size()), used, data);
        bool large = most && !request_->discarding && body_size_ + data.size() + ahead.chunk_left() > static_cast<std::uint64_t>(most);
        if (step == ChunkedDecoder::Step::kInvalid || large) return -EBADMSG;  // read() says why
        chunked_ = ahead;
        in_.begin += used;
        count(used);
        if (step == ChunkedDecoder::Step::kAgain) continue;
        body_done_ = step == ChunkedDecoder::Step::kDone;
        body_size_ += data.size();
        if (!data.empty()) std::memcpy(into.data(), data.data(), data.size());
        return static_cast<ssize_t>(data.size());
    }
}

void ClientConnection::send_continue() {
    auto& r = *request_;
    if (continue_sent_ || r.expect_tested) return;
    continue_sent_ = true;
    auto* expect = r.in.find(http::Name::kExpect);
    if (!expect || r.http_version < 1001 || !iequals(expect->value, "100-continue")) return;
    static char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec piece {kContinue, sizeof kContinue - 1};
    stream_->write({&piece, 1}, false);  // 25 bytes on an idle connection: it fits, or the client is gone
}

Task<http::BodySource::Read> ClientConnection::read(std::span<char> into) {
    auto& r = *request_;
    if (body_done_) co_return Read{0, 0};
    send_continue();
    if (!r.chunked_body) {
        auto got = co_await read_raw(into.first(std::min(into.size(), static_cast<std::size_t>(body_left_))));
        body_left_ -= static_cast<std::int64_t>(got.size);
        body_size_ += got.size;
        count(got.size);
        if (body_left_ == 0) body_done_ = true;
        co_return got;
    }
    for (;;) {
        if (in_.begin == in_.end) {
            use_body_buffer();
            auto got = co_await read_raw({in_.data, in_.size});
            if (got.status) co_return got;
            in_.end = got.size;
        }
        std::size_t used = 0;
        std::string_view data;
        auto step = chunked_.feed(in_.unused().substr(0, into.size()), used, data);  // no more than fits
        in_.begin += used;
        if (step == ChunkedDecoder::Step::kData) {
            auto n = data.size();
            auto chunk = n + chunked_.chunk_left();
            auto most = r.conf<http::Client>().max_body_size->value;
            if (most && body_size_ + chunk > static_cast<std::uint64_t>(most) && !r.discarding) {
                r.log(Level::kError, r.arena.cat({"client intended to send too large chunked body: ", std::to_string(body_size_), "+",
                                                  std::to_string(chunk), " bytes"}));
                r.expect_tested = true;
                co_return Read{0, status::kTooLarge};
            }
            std::memcpy(into.data(), data.data(), n);
            body_size_ += n;
            count(used);
            co_return Read{n, 0};
        }
        if (step != ChunkedDecoder::Step::kInvalid) count(used);
        if (step == ChunkedDecoder::Step::kDone) {
            body_done_ = true;
            co_return Read{0, 0};
        }
        if (step == ChunkedDecoder::Step::kInvalid) {
            r.log(Level::kError, "client sent invalid chunked body");
            body_done_ = true;
            co_return Read{0, status::kBadRequest};
        }
    }
}

/// Bytes of the body go to a buffer of their own: the request's views point into the ones that held its head.
void ClientConnection::use_body_buffer() {
    if (!body_buffer_) {
        if (in_.data) old_.push_back(in_);
        in_.size = 4096;
        in_.data = static_cast<char*>(pool_allocate(in_.size));
        body_buffer_ = true;
    }
    in_.begin = in_.end = 0;
}

}  // namespace bext::http1
