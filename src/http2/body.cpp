// The body of a request as it comes in DATA frames, within the window that the client has for it (RFC 9113, section 5.2).
#include "http/core_conf.h"
#include "http2/connection.h"

namespace bext::http2 {

namespace status = http::status;

namespace {
constexpr std::int64_t kReading = 256 * 1024;  // the window of a body that is being read
constexpr std::size_t kLeast = 4096;
}

/// Bytes of a DATA frame; the window has them bounded.
void Stream::receive(std::string_view bytes) {
    if (request_.discarding || !request_.body.source) return;  // nobody wants them
    if (in_begin_ == in_end_) in_begin_ = in_end_ = 0;
    if (in_end_ + bytes.size() > in_room_) {
        auto room = std::max(kLeast, in_room_);
        while (room < in_end_ - in_begin_ + bytes.size()) room *= 2;
        auto* more = static_cast<char*>(pool_allocate(room));
        if (in_end_ > in_begin_) std::memcpy(more, in_ + in_begin_, in_end_ - in_begin_);
        if (in_) pool_release(in_, in_room_);
        in_ = more;
        in_room_ = room;
        in_end_ -= in_begin_;
        in_begin_ = 0;
    }
    std::memcpy(in_ + in_end_, bytes.data(), bytes.size());
    in_end_ += bytes.size();
    connection_.wake(*this);
}

void Stream::end_of_input() {
    in_closed_ = true;
    connection_.wake(*this);
}

/// Somebody reads: what comes need no longer be little.
void Stream::widen() {
    if (recv_target_ >= kReading || in_closed_) return;
    recv_target_ = kReading;
    give_back();
}

/// Tells the client what it may send again, when that is worth a frame.
void Stream::give_back() {
    auto free = recv_target_ - recv_window_ - static_cast<std::int64_t>(in_end_ - in_begin_);
    if (in_closed_ || broken_ || free < recv_target_ / 2) return;
    recv_window_ += free;
    connection_.send_window_update(id_, static_cast<std::uint32_t>(free));
}

/// Takes `more` bytes, if with what has come the client keeps to the length that it has told, or that is allowed. 0, or what is answered.
int Stream::check(std::size_t more) {
    auto& r = request_;
    if (r.discarding) return 0;
    auto come = received_ + (in_end_ - in_begin_);
    auto told = r.content_length;
    if (told >= 0 && come > static_cast<std::uint64_t>(told)) {
        r.log(Level::kInfo, "client intended to send body data larger than declared");
        return status::kBadRequest;
    }
    if (told >= 0 && in_closed_ && come != static_cast<std::uint64_t>(told)) {
        r.log(Level::kInfo, r.arena.cat({"client prematurely closed stream: only ", std::to_string(come), " out of ", std::to_string(told),
                                         " bytes of request body received"}));
        return status::kBadRequest;
    }
    received_ += more;
    auto most = r.conf<http::Client>().max_body_size->value;
    if (told < 0 && most && received_ > static_cast<std::uint64_t>(most)) {
        r.log(Level::kError, r.arena.cat({"client intended to send too large chunked body: ", std::to_string(received_), " bytes"}));
        return status::kTooLarge;
    }
    r.request_length += more;
    return 0;
}

/// check() without its words, for who asks read() to say them.
bool Stream::keeps_to_length(std::uint64_t taken) const {
    auto told = request_.content_length;
    auto come = received_ + (in_end_ - in_begin_);
    if (told >= 0) return come <= static_cast<std::uint64_t>(told) && (!in_closed_ || come == static_cast<std::uint64_t>(told));
    auto most = request_.conf<http::Client>().max_body_size->value;
    return !most || taken <= static_cast<std::uint64_t>(most);
}

ssize_t Stream::read_now(std::span<char> into) {
    auto n = std::min(into.size(), in_end_ - in_begin_);
    if (!request_.discarding && !keeps_to_length(received_ + n)) return -EBADMSG;
    if (in_begin_ == in_end_) return in_closed_ ? 0 : -EAGAIN;
    check(n);
    std::memcpy(into.data(), in_ + in_begin_, n);
    in_begin_ += n;
    give_back();
    return static_cast<ssize_t>(n);
}

Task<http::BodySource::Read> Stream::read(std::span<char> into) {
    auto& r = request_;
    widen();
    for (;;) {
        if (in_begin_ < in_end_) {
            auto n = std::min(into.size(), in_end_ - in_begin_);
            if (int bad = check(n)) co_return Read{0, bad};
            std::memcpy(into.data(), in_ + in_begin_, n);
            in_begin_ += n;
            give_back();
            co_return Read{n, 0};
        }
        if (broken_) co_return Read{0, status::kClientClosed};
        if (in_closed_) co_return Read{0, check(0)};
        auto& client = r.conf<http::Client>();
        auto timeout = r.discarding ? client.lingering_timeout->count() : client.body_timeout->count();
        connection_.flush_later();
        auto wait = co_await net::Stream::Waiting(reader_, false, static_cast<std::uint64_t>(timeout));
        if (wait == net::Wait::kTimeout) {
            r.timed_out = true;
            co_return Read{0, status::kTimeout};
        }
        if (wait == net::Wait::kCancelled) co_return Read{0, status::kClientClosed};
    }
}

int Stream::discard_available() {
    in_begin_ = in_end_ = 0;
    return 0;
}

}  // namespace bext::http2
