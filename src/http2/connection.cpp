// A connection's life: settings, frames as they come, the end.
#include "http2/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace bext::http2 {

namespace {

constexpr std::size_t kInput = 65536;  // read at once
constexpr std::uint64_t kFloodAllowance = 1024 * 1024;
constexpr std::size_t kMostHeld = 128 * 1024;  // for a client that takes nothing, beside the one read that brought it there

/// Into which all connections of a thread read: what is taken of it is copied.
char* input_buffer() {
    static thread_local std::unique_ptr<char[]> buffer(new char[kInput]);
    return buffer.get();
}

std::string put_setting(Setting id, std::uint32_t value) {
    char text[6] = {0, static_cast<char>(id)};
    put32(text + 2, value);
    return {text, 6};
}

}  // namespace

Stream::Stream(ClientConnection& connection, std::uint32_t id)
    : connection_(connection),
      id_(id),
      request_(connection, *this),
      recv_window_(static_cast<std::int64_t>(connection.conf<http::Http2>().preread_size->value)),
      recv_target_(recv_window_),
      send_window_(connection.initial_window_),
      queue_(request_.arena) {
    request_.start_ms = connection.thread_.loop.unix_milliseconds();
    request_.start_tick = connection.thread_.loop.now();
    request_.recheck_files = false;
    request_.protocol = "HTTP/2.0";
    request_.http_version = 2000;
    intake_.begin(request_, *connection.listen, connection.first_server());
}

Stream::~Stream() {
    if (in_) pool_release(in_, in_room_);
}

void ClientConnection::serve(http::Connection& from, std::string_view read_ahead) {
    auto* connection = new ClientConnection(from);
    connection->read_ahead_bytes_ = read_ahead;
    try {
        spawn(connection->run());
    } catch (const std::bad_alloc&) {  // before anything of it has run
        delete connection;
        throw;
    }
}

ClientConnection::ClientConnection(http::Connection& from) : Connection(from), thread_(http::Thread::current()) {
    ++thread_.connections;
    thread_.clients.link(*this);
    thread_.figures.add(Gauge::kActive);
    resets_at_ = thread_.loop.now();
}

ClientConnection::~ClientConnection() {
    became_busy();
    release_out();
    sweep();
    thread_.clients.unlink(*this);
    thread_.figures.subtract(Gauge::kActive);
    if (--thread_.connections == 0 && thread_.on_last_connection) thread_.on_last_connection();
}

/// A head has so long to come to its end; the first one, to begin, too.
void ClientConnection::await_head() {
    due_ = Due::kHead;
    deadline_.arm(static_cast<std::uint64_t>(conf<http::Wire>().header_timeout->count()));
}

/// The server's side of the preface (section 3.4), and the connection's window wide open: each stream has its own.
void ClientConnection::begin() {
    if (*conf<http::Client>().tcp_nodelay && client.address().family() != AF_UNIX) {
        int one = 1;
        ::setsockopt(socket(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
    taking_ = true;
    auto& http2 = conf<http::Http2>();
    small(Type::kSettings, 0, 0, put_setting(Setting::kMaxStreams, static_cast<std::uint32_t>(*http2.concurrent_streams)) +
                                 put_setting(Setting::kInitialWindow, static_cast<std::uint32_t>(http2.preread_size->value)) +
                                 put_setting(Setting::kMaxFrameSize, kMaxFrame) +  // no frame is kept whole, so that their size costs nothing
                                 put_setting(Setting::kNoRfc7540Priorities, 1));
    send_window_update(0, static_cast<std::uint32_t>(kMaxWindow - kDefaultWindow));
    priorities_left_ = std::max<std::int64_t>(*http2.concurrent_streams, 100);
    await_head();
    take(read_ahead_bytes_);
    wake_streams();
    taking_ = false;
    if (thread_.draining) wind_down();
}

Task<> ClientConnection::run() {
    bool short_of_memory = false;
    try {
        begin();
        co_await read_frames();
    } catch (const std::bad_alloc&) {
        short_of_memory = true;
        taking_ = flushing_ = false;
    }
    if (short_of_memory) {
        thread_.note_shortage();
        broken_ = true;
    }
    over_ = true;
    became_busy();
    deadline_.disarm();
    end_streams();
    while (!streams_.empty() || writing_ || flush_due_) {
        auto wait = co_await net::Stream::Waiting(end_gate_, false, 0);
        static_cast<void>(wait);
    }
    if (!broken_ && !ended_by_peer_) co_await linger();
    else if (tls && !broken_) stream_->shutdown_write();
    delete this;
}

Task<> ClientConnection::read_frames() {
    for (;;) {
        flush();
        sweep();
        if (broken_ || done()) co_return;
        if (writing_ && out_end_ - out_begin_ > kMostHeld) {  // who does not read is not read
            auto wait = co_await net::Stream::Waiting(end_gate_, false, 0);
            static_cast<void>(wait);
            continue;
        }
        auto wait = co_await stream_->readable(0);
        if (wait == net::Wait::kCancelled) continue;
        ssize_t n = stream_->read({input_buffer(), kInput});
        if (n == -EAGAIN) continue;
        if (n <= 0) {
            if (!streams_.empty() || gathered_size_ || step_ != Step::kHead)
                note(Level::kInfo, "client prematurely closed connection", n < 0 ? static_cast<int>(-n) : 0, kAction);
            ended_by_peer_ = true;
            broken_ = n < 0;
            co_return;
        }
        new_streams_ = 0;
        if (idle_ && ++idle_turns_ > 10 * static_cast<std::uint64_t>(*conf<http::Client>().keepalive_requests)) {
            note(Level::kInfo, "http2 flood detected", 0, kAction);
            goaway(Code::kNone);
            over_ = true;
            continue;
        }
        taking_ = true;
        take({input_buffer(), static_cast<std::size_t>(n)});
        wake_streams();
        taking_ = false;
        if (total_bytes_ / 8 > payload_bytes_ + kFloodAllowance) fail(Code::kNone, "http2 flood detected");
        if (block_id_ && !deadline_.armed()) await_head();
        if (streams_.empty() && !block_id_) became_idle();
    }
}

/// The connection is lost or over: what its streams wait for does not come.
void ClientConnection::end_streams() {
    for (auto* stream : std::vector(streams_)) {  // each may end in this
        if (stream->broken_) continue;
        stream->reset_sent_ = true;
        stream->stop(Code::kCancel);
    }
    if (block_stream_ && !block_is_trailers_) finished(*block_stream_);  // it has not begun
}

void ClientConnection::wake(Stream& stream) {
    if (!std::exchange(stream.woken_, true)) woken_.push_back(&stream);
}

void ClientConnection::wake_streams() {
    for (auto* stream : std::exchange(woken_, {})) {
        stream->woken_ = false;
        stream->reader_.open(net::Wait::kReady);
    }
}

/// Frees the streams that have ended; none of them runs.
void ClientConnection::sweep() {
    for (auto* stream : ended_) delete stream;
    ended_.clear();  // its room stays: a stream that ends needs no memory for that
}

/// What the request has not said or taken is told as nginx does.
void ClientConnection::tell_end(Stream& stream) {
    if (stream.reset_sent_ || over_) return;
    if (!stream.out_closed_) {
        bool cut = stream.request_.timed_out || stream.request_.out.status == http::status::kClose;
        send_reset(stream.id_, cut ? Code::kProtocol : Code::kInternal);
        note_reset();
    } else if (!stream.in_closed_) {
        send_reset(stream.id_, Code::kNone);
    }
}

/// The request has ended.
void ClientConnection::finished(Stream& stream) {
    try {
        tell_end(stream);
    } catch (const std::bad_alloc&) {
        thread_.note_shortage();
        broken_ = over_ = true;
    }
    bool by_us = !stream.client_reset_ && (stream.reset_sent_ || !stream.in_closed_);
    stream.broken_ = true;
    closed_[closed_next_++ % closed_.size()] = stream.id_ << 1 | (by_us ? 1u : 0u);
    streams_.erase(std::lower_bound(streams_.begin(), streams_.end(), stream.id_, [](const Stream* s, std::uint32_t n) { return s->id_ < n; }));
    if (block_stream_ == &stream) block_stream_ = nullptr;
    ended_.push_back(&stream);
    if (!streams_.empty()) return;
    if (end_gate_.waiting()) flush_later();
    if (over_) return flush_later();
    if (!block_id_ && !taking_) became_idle();
    flush_later();
}

void ClientConnection::goaway(Code code) {
    if (goaway_sent_ || broken_) return;
    char payload[8];
    put32(put32(payload, last_served_), static_cast<std::uint32_t>(code));
    goaway_sent_ = true;
    put_small(Type::kGoAway, 0, 0, {payload, 8});
}

/// The client has broken the protocol, or asks for too much: the connection ends, and tells why.
void ClientConnection::fail(Code code, std::string_view why) {
    if (over_) return;
    note(Level::kInfo, why, 0, kAction);
    goaway(code);
    over_ = true;
    if (!taking_) look_again();
}

/// What comes until the client has closed its side is not missed (lingering_close).
Task<> ClientConnection::linger() {
    auto& client = conf<http::Client>();
    if (*client.lingering_close == http::Client::Lingering::kOff) {
        if (tls) stream_->shutdown_write();
        co_return;
    }
    auto timeout = static_cast<std::uint64_t>(client.lingering_timeout->count());
    auto until = thread_.loop.now() + static_cast<std::uint64_t>(client.lingering_time->count());
    stream_->shutdown_write();
    if (tls) ::shutdown(socket(), SHUT_WR);
    for (;;) {
        auto now = thread_.loop.now();
        if (now >= until) co_return;
        auto wait = co_await stream_->readable(std::min(timeout, until - now));
        if (wait != net::Wait::kReady) co_return;
        ssize_t n = stream_->read({input_buffer(), kInput});
        if (n == 0 || (n < 0 && n != -EAGAIN)) co_return;
    }
}

}  // namespace bext::http2
