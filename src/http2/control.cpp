// Frames that change how a connection goes on: settings, windows, priorities, resets (RFC 9113, section 6).
#include "http2/connection.h"

namespace bext::http2 {

namespace {
constexpr std::int64_t kResets = 1000, kResetsASecond = 33;  // what a client may reset, as nghttp2 has it
}

void ClientConnection::take_setting(std::uint16_t id, std::uint32_t value) {
    auto wrong = [&](std::string_view name) { return cat({"client sent SETTINGS frame with incorrect ", name, " value ", std::to_string(value)}); };
    switch (static_cast<Setting>(id)) {
        case Setting::kInitialWindow:
            if (value > kMaxWindow) return fail(Code::kFlowControl, wrong("INITIAL_WINDOW_SIZE"));
            window_shift_ = static_cast<std::int64_t>(value) - initial_window_;
            return;
        case Setting::kMaxFrameSize:
            if (value < kDefaultFrame || value > kMaxFrame) return fail(Code::kProtocol, wrong("MAX_FRAME_SIZE"));
            frame_size_ = value;
            return;
        case Setting::kEnablePush:
            if (value > 1) return fail(Code::kProtocol, wrong("ENABLE_PUSH"));
            return;
        case Setting::kTableSize: table_update_ = true; return;
        default: return;
    }
}

void ClientConnection::settings_done() {
    small(Type::kSettings, kAck, 0, {});
    if (window_shift_) shift_windows(std::exchange(window_shift_, 0));
}

/// A new initial window changes those of all streams (section 6.9.2).
void ClientConnection::shift_windows(std::int64_t by) {
    initial_window_ += by;
    for (auto* stream : std::vector(streams_)) {  // a copy: who is stopped may end in this
        if (by > 0 && stream->send_window_ > kMaxWindow - by) {
            stream->stop(Code::kFlowControl);
            continue;
        }
        stream->send_window_ += by;
    }
}

void ClientConnection::take_window_update(std::uint32_t bytes) {
    if (bytes == 0) return fail(Code::kProtocol, "client sent WINDOW_UPDATE frame with incorrect window increment 0");
    if (frame_.stream == 0) {
        if (bytes > kMaxWindow - send_window_)
            return fail(Code::kFlowControl, cat({"client violated connection flow control: received WINDOW_UPDATE frame with window increment ",
                                                 std::to_string(bytes), " not allowed for window ", std::to_string(send_window_)}));
        send_window_ += bytes;
        return;
    }
    auto* stream = find(frame_.stream);
    if (!stream) return;
    if (bytes > kMaxWindow - stream->send_window_) {
        note(Level::kInfo, cat({"client violated flow control for stream ", std::to_string(frame_.stream),
                                ": received WINDOW_UPDATE frame with window increment ", std::to_string(bytes), " not allowed for window ",
                                std::to_string(stream->send_window_)}), 0, kAction);
        return stream->stop(Code::kFlowControl);
    }
    stream->send_window_ += bytes;
}

void ClientConnection::take_priority(const char* bytes) {
    if (--priorities_left_ < 0) return fail(Code::kCalm, "client sent too many PRIORITY frames");
    if ((get32(bytes) & 0x7fffffff) == frame_.stream)
        fail(Code::kProtocol, cat({"client sent PRIORITY frame for stream ", std::to_string(frame_.stream), " with incorrect dependency"}));
}

/// RFC 9218, section 7.1. One for a stream that is still to come is not kept.
void ClientConnection::take_priority_update(std::string_view bytes) {
    if (--priorities_left_ < 0) return fail(Code::kCalm, "client sent too many PRIORITY_UPDATE frames");
    auto id = get32(bytes.data()) & 0x7fffffff;
    if (id == 0) return fail(Code::kProtocol, "client sent PRIORITY_UPDATE frame with incorrect identifier");
    if (auto* stream = find(id)) stream->priority_.read(bytes.substr(4));
}

void ClientConnection::take_reset(Code code) {
    auto* stream = find(frame_.stream);
    if (!stream) return;
    auto id = std::to_string(frame_.stream);
    auto& r = stream->request_;
    if (code == Code::kCancel) r.log(Level::kInfo, cat({"client canceled stream ", id}));
    else if (code == Code::kInternal) r.log(Level::kInfo, cat({"client terminated stream ", id, " due to internal error"}));
    else r.log(Level::kInfo, cat({"client terminated stream ", id, " with status ", std::to_string(static_cast<std::uint32_t>(code))}));
    stream->reset_sent_ = stream->client_reset_ = true;  // none of ours is due
    stream->stop(code);
    note_reset();
}

/// Streams that are reset cost more than their client pays for them: however they come to it, they are counted.
void ClientConnection::note_reset() {
    auto now = thread_.loop.now();
    auto more = static_cast<std::int64_t>((now - resets_at_) * kResetsASecond / 1000);
    if (more > 0) {
        resets_left_ = std::min(kResets, resets_left_ + more);
        resets_at_ = now;
    }
    if (--resets_left_ < 0) fail(Code::kCalm, "http2 flood detected");
}

/// Ends what the stream has to do with the client; its request hears of it.
void Stream::stop(Code code) {
    if (!reset_sent_) {
        connection_.send_reset(id_, code);
        connection_.note_reset();
        reset_sent_ = true;
    }
    in_closed_ = out_closed_ = broken_ = true;
    request_.watches.notify(false);
    abandon();
}

void Stream::abandon() {
    reader_.open(net::Wait::kCancelled);
    writer_.open(net::Wait::kCancelled);
}

void Priority::read(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        auto end = std::min(text.find(',', at), text.size());
        auto item = text.substr(at, end - at);
        while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
        while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
        if (at == 0) incremental = false;  // it says something: then what it does not say has its default
        if (item.size() == 3 && item.starts_with("u=") && item[2] >= '0' && item[2] <= '7') urgency = static_cast<std::uint8_t>(item[2] - '0');
        if (item == "i" || item == "i=?1") incremental = true;
        at = end + 1;
    }
}

}  // namespace bext::http2
