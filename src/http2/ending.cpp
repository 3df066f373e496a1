// A connection whose thread has something to say: make room, follow a reload, end for another process (RFC 9113, section 6.8).
#include <sys/socket.h>

#include "http2/connection.h"

namespace bext::http2 {

namespace {
constexpr std::uint64_t kRoundTrip = 1000;  // ms that a client has to hear that the connection ends
}

/// Has the reading coroutine see whether the connection is done.
void ClientConnection::look_again() {
    if (!flushing_ && !taking_) sweep();
    if (end_gate_.waiting()) return end_gate_.open(net::Wait::kReady);
    if (broken_ || done()) stream_->cancel();
}

void ClientConnection::became_idle() {
    if (idle_ || over_ || goaway_sent_) return;
    idle_ = true;
    thread_.idle.link(*this);
    thread_.figures.add(Gauge::kWaiting);
    if (going_ || (due_ == Due::kHead && deadline_.armed() && last_id_ == 0)) return;  // it has the time of a head for its first request
    due_ = Due::kIdle;
    deadline_.arm(static_cast<std::uint64_t>(conf<http::Client>().keepalive_timeout->count()));
}

void ClientConnection::became_busy() {
    if (!idle_) return;
    idle_ = false;
    thread_.idle.unlink(*this);
    thread_.figures.subtract(Gauge::kWaiting);
    if (!going_) deadline_.disarm();
}

void ClientConnection::time_over(net::Timer& timer) {
    auto& self = static_cast<Deadline&>(timer).connection;
    if (self.due_ == Due::kGoAway) {
        if (self.block_id_) self.await_head();
        return self.last_goaway();
    }
    if (self.due_ == Due::kHead && self.block_stream_) return self.head_late();
    self.goaway(self.block_id_ ? Code::kProtocol : Code::kNone);
    self.over_ = true;
    self.flush_later();
}

/// A head that does not come to its end costs its stream.
void ClientConnection::head_late() {
    auto* stream = std::exchange(block_stream_, nullptr);
    if (block_is_trailers_) return fail(Code::kProtocol, "client timed out");
    stream->request_.log(Level::kInfo, "client timed out", ETIMEDOUT);
    if (going_) last_goaway();
    deadline_.arm(static_cast<std::uint64_t>(conf<http::Client>().keepalive_timeout->count()));  // for the rest of the block
    stream->stop(Code::kProtocol);
    finished(*stream);
}

/// GOAWAY with the last stream that is served, once every request that was on its way has come.
void ClientConnection::last_goaway() {
    goaway(Code::kNone);
    flush_later();
}

void ClientConnection::close(Why why) {
    if (why == Why::kReload) thread_.figures.add(Tally::kClosedByReload);
    if (why == Why::kDrain) thread_.figures.add(Tally::kClosedByDrain);
    goaway(Code::kNone);
    over_ = true;
    flush_later();
}

/// A first GOAWAY says only that there is an end: what the client sends before it hears that is served still.
void ClientConnection::wind_down() {
    if (std::exchange(going_, true) || goaway_sent_ || over_) return;
    char payload[8];
    put32(put32(payload, 0x7fffffff), static_cast<std::uint32_t>(Code::kNone));
    small(Type::kGoAway, 0, 0, {payload, 8});
    small(Type::kPing, 0, 0, "bext end");
    due_ = Due::kGoAway;
    deadline_.arm(kRoundTrip);
}

void ClientConnection::drain(bool) { wind_down(); }

void ClientConnection::follow() {
    if (requests == 0 && site().close_after_reload_ms) return;
    if (!take_up_site()) return close(Why::kReload);
    if (!http::offers_http2(*listen, first_server())) wind_down();
}

void ClientConnection::expire(Why why, std::uint64_t before) {
    bool any = streams_.empty() && site().generation < before;
    for (auto* stream : streams_) any |= stream->request_.site->generation < before;
    if (!any) return;
    if (idle_) return close(why);
    thread_.figures.add(why == Why::kReload ? Tally::kClosedByReload : Tally::kClosedAtDeadline);
    for (auto* stream : std::vector(streams_)) {
        if (stream->request_.site->generation >= before) continue;
        thread_.figures.add(Tally::kCut);
        stream->stop(Code::kCancel);
    }
    if (before != UINT64_MAX) return flush_later();
    goaway(Code::kNone);
    flush();
    broken_ = over_ = true;
    stream_->shutdown_write();
    ::shutdown(socket(), SHUT_RDWR);
    look_again();
}

void ClientConnection::each_site(const std::function<void(const http::Site&, bool)>& call) const {
    if (streams_.empty()) call(site(), false);
    for (auto* stream : streams_) call(*stream->request_.site, true);
}

void install() { http::http2_start() = ClientConnection::serve; }

}  // namespace bext::http2
