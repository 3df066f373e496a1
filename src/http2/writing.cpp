// What goes out: frames of all streams are put behind each other in one buffer and written together.
#include "http2/connection.h"

namespace bext::http2 {

namespace {

constexpr std::size_t kBuffer = 65536;       // of frames, for DATA
constexpr std::size_t kFlood = 1024 * 1024;  // what a client that does not read may have us keep of other frames

/// One buffer waits for its next use: a connection that is idle has none.
thread_local char* spare_buffer = nullptr;

}  // namespace

char* ClientConnection::room(std::size_t size) {
    if (out_end_ + size <= out_room_) return out_ + out_end_;
    if (out_begin_ > 0 && out_end_ - out_begin_ + size <= out_room_) {
        std::memmove(out_, out_ + out_begin_, out_end_ - out_begin_);
        out_end_ -= std::exchange(out_begin_, 0);
        return out_ + out_end_;
    }
    auto held = out_end_ - out_begin_;
    auto wanted = std::max(kBuffer, out_room_);
    while (wanted < held + size) wanted *= 2;
    auto* more = wanted == kBuffer && spare_buffer ? std::exchange(spare_buffer, nullptr) : static_cast<char*>(::operator new(wanted));
    if (held) std::memcpy(more, out_ + out_begin_, held);
    auto* old = std::exchange(out_, more);
    auto old_room = std::exchange(out_room_, wanted);
    out_begin_ = 0;
    out_end_ = held;
    if (old_room == kBuffer && !spare_buffer) spare_buffer = old;
    else ::operator delete(old);
    return out_ + out_end_;
}

void ClientConnection::release_out() {
    if (!out_) return;
    if (out_room_ == kBuffer && !spare_buffer) spare_buffer = out_;
    else ::operator delete(out_);
    out_ = nullptr;
    out_room_ = out_begin_ = out_end_ = 0;
}

std::size_t ClientConnection::data_room() const {
    auto held = out_end_ - out_begin_;
    return held < kBuffer ? kBuffer - held : 0;
}

void ClientConnection::small(Type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    if (over_) return;
    if (out_end_ - out_begin_ > kFlood) return fail(Code::kCalm, "http2 flood detected");
    put_small(type, flags, stream, payload);
}

/// The same for a last frame, for which there is always room.
void ClientConnection::put_small(Type type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
    char* p = put_head(room(kFrameHead + payload.size()), static_cast<std::uint32_t>(payload.size()), type, flags, stream);
    if (!payload.empty()) std::memcpy(p, payload.data(), payload.size());
    put(kFrameHead + payload.size());
    flush_later();
}

void ClientConnection::send_window_update(std::uint32_t stream, std::uint32_t bytes) {
    char payload[4];
    put32(payload, bytes);
    small(Type::kWindowUpdate, 0, stream, {payload, 4});
}

void ClientConnection::send_reset(std::uint32_t stream, Code code) {
    char payload[4];
    put32(payload, static_cast<std::uint32_t>(code));
    small(Type::kReset, 0, stream, {payload, 4});
}

void ClientConnection::flush_later() {
    if (taking_ || flushing_ || writing_ || flush_due_) return;
    flush_due_ = true;
    thread_.loop.later([this] {
        flush_due_ = false;
        flush();
        look_again();
    });
}

/// Of the streams that may send, the most urgent: the first of those that want to be served one after the other, else the one
/// whose turn was longest ago.
Stream* ClientConnection::next_to_send() const {
    Stream* best = nullptr;
    for (auto* stream : streams_) {
        if (!stream->may_emit()) continue;
        if (!best || stream->priority_.urgency < best->priority_.urgency) best = stream;
        else if (stream->priority_.urgency == best->priority_.urgency && best->priority_.incremental &&
                 (!stream->priority_.incremental || stream->turn_ < best->turn_)) best = stream;
    }
    return best;
}

/// Puts into the buffer what it and the windows have room for.
void ClientConnection::fill() {
    while (send_window_ > 0) {
        auto* stream = next_to_send();
        if (!stream) return;
        auto done = stream->emit();
        if (done == Stream::Emitted::kNoRoom || done == Stream::Emitted::kNoWindow) return;
    }
}

/// Writes what is in the buffer. False: the client cannot take more now.
bool ClientConnection::write() {
    while (out_begin_ < out_end_ && !broken_) {
        struct iovec piece {out_ + out_begin_, out_end_ - out_begin_};
        ssize_t n = stream_->write({&piece, 1}, false);
        if (n == -EAGAIN) return false;
        if (n <= 0) {
            broken_ = over_ = true;
            break;
        }
        out_begin_ += static_cast<std::size_t>(n);
    }
    if (!broken_) out_begin_ = out_end_ = 0;
    return true;
}

void ClientConnection::flush() {
    if (flushing_ || writing_ || broken_) return;
    flushing_ = true;
    bool taken = true;
    do {
        fill();
        taken = write();
    } while (taken && !broken_ && (out_begin_ < out_end_ || (send_window_ > 0 && next_to_send())));
    flushing_ = false;
    if (!taken) {
        spawn(write_rest());
        return;
    }
    if (out_begin_ == out_end_) release_out();
}

Task<> ClientConnection::write_rest() {
    writing_ = true;
    for (;;) {
        auto wait = co_await stream_->writable(static_cast<std::uint64_t>(conf<http::Client>().send_timeout->count()));
        if (wait == net::Wait::kTimeout) {
            note(Level::kInfo, "client timed out", ETIMEDOUT, kAction);
            broken_ = over_ = true;
        }
        if (broken_) break;
        if (wait == net::Wait::kCancelled) continue;
        bool taken = write();
        while (taken && !broken_) {
            fill();
            if (out_begin_ == out_end_) break;
            taken = write();
        }
        if (taken) break;
    }
    writing_ = false;
    if (out_begin_ == out_end_) release_out();
    look_again();
}

}  // namespace bext::http2
