// Frames as they come: cut out of the bytes, in whatever parts these arrive (RFC 9113, section 4.1).
#include "http2/connection.h"

namespace bext::http2 {

namespace {
constexpr unsigned kContinuations = 64;
}

/// Gathers `size` bytes in gathered_, over as many reads as it takes. False: there are not enough yet.
bool ClientConnection::gather(std::string_view& bytes, std::size_t size) {
    auto part = std::min(bytes.size(), size - gathered_size_);
    if (part) std::memcpy(gathered_.data() + gathered_size_, bytes.data(), part);
    gathered_size_ += part;
    bytes.remove_prefix(part);
    if (gathered_size_ < size) return false;
    gathered_size_ = 0;
    return true;
}

void ClientConnection::take(std::string_view bytes) {
    total_bytes_ += bytes.size();
    while (!over_) {
        switch (step_) {
            case Step::kPreface: {
                auto part = std::min(bytes.size(), kPreface.size() - preface_seen_);
                if (bytes.substr(0, part) != kPreface.substr(preface_seen_, part)) return fail(Code::kProtocol, "invalid connection preface");
                bytes.remove_prefix(part);
                preface_seen_ += part;
                if (preface_seen_ < kPreface.size()) return;
                step_ = Step::kHead;
                break;
            }
            case Step::kHead:
                if (!gather(bytes, kFrameHead)) return;
                begin_frame(get_head(gathered_.data()));
                break;
            case Step::kPrefix:
                if (!gather(bytes, prefix_)) return;
                step_ = Step::kPayload;
                left_ -= static_cast<std::uint32_t>(prefix_);
                take_prefix(gathered_.data());
                if (!over_ && step_ == Step::kPayload && left_ == 0) take_payload({}, true);
                if (!over_ && step_ == Step::kPayload && left_ == 0) end_frame();
                break;
            case Step::kPayload: {
                if (bytes.empty()) return;
                auto part = bytes.substr(0, left_);
                bytes.remove_prefix(part.size());
                left_ -= static_cast<std::uint32_t>(part.size());
                take_payload(part, left_ == 0);
                if (!over_ && left_ == 0) end_frame();
                break;
            }
            case Step::kPadding: {
                if (bytes.empty()) return;
                auto part = std::min<std::size_t>(bytes.size(), padding_);
                bytes.remove_prefix(part);
                padding_ -= static_cast<std::uint32_t>(part);
                if (padding_ == 0) step_ = Step::kHead;
                break;
            }
        }
    }
}

/// Wants so many bytes of the frame whole, before its payload.
void ClientConnection::expect(std::size_t prefix) {
    prefix_ = prefix;
    step_ = prefix ? Step::kPrefix : Step::kPayload;
    if (prefix || left_) return;
    take_payload({}, true);
    if (!over_) end_frame();
}

void ClientConnection::end_frame() {
    if (over_) return;
    if (frame_.type == Type::kSettings && !frame_.has(kAck)) settings_done();
    step_ = padding_ ? Step::kPadding : Step::kHead;
}

/// Between the parts of a header block nothing else may come (section 6.10).
bool ClientConnection::expects_continuation(const FrameHead& head) {
    if (!block_id_) return false;
    if (head.type != Type::kContinuation) return fail(Code::kProtocol, "client sent inappropriate frame while CONTINUATION was expected"), true;
    if (head.stream != block_id_) return fail(Code::kProtocol, "client sent CONTINUATION frame with incorrect identifier"), true;
    if (++continuations_ > kContinuations) return fail(Code::kCalm, "client sent too many CONTINUATION frames"), true;
    return false;
}

void ClientConnection::begin_frame(const FrameHead& head) {
    frame_ = head;
    left_ = head.length;
    padding_ = 0;
    if (expects_continuation(head)) return;
    auto wrong = [&](std::string_view name, std::string_view what) { return cat({"client sent ", name, " frame with incorrect ", what}); };
    auto length = [&](std::string_view name) { return wrong(name, cat({"length ", std::to_string(head.length)})); };
    switch (head.type) {
        case Type::kData:
            if (head.has(kPadded) && head.length == 0) return fail(Code::kFrameSize, "client sent padded DATA frame with incorrect length: 0");
            return head.has(kPadded) ? expect(1) : begin_data();
        case Type::kHeaders: return begin_headers();
        case Type::kPriority:
            if (head.length != 5) return fail(Code::kFrameSize, length("PRIORITY"));
            if (!head.stream) return fail(Code::kProtocol, wrong("PRIORITY", "identifier"));
            return expect(5);
        case Type::kReset:
            if (head.length != 4) return fail(Code::kFrameSize, length("RST_STREAM"));
            if (!head.stream || idle_stream(head.stream)) return fail(Code::kProtocol, wrong("RST_STREAM", "identifier"));
            return expect(4);
        case Type::kSettings:
            if (head.stream) return fail(Code::kProtocol, wrong("SETTINGS", "identifier"));
            if (head.has(kAck) && head.length) return fail(Code::kFrameSize, "client sent SETTINGS frame with the ACK flag and nonzero length");
            if (head.length % 6) return fail(Code::kFrameSize, length("SETTINGS"));
            if (head.has(kAck)) settings_acknowledged_ = true;
            window_shift_ = 0;
            return expect(head.length ? 6 : 0);
        case Type::kPushPromise: return fail(Code::kProtocol, "client sent PUSH_PROMISE frame");
        case Type::kPing:
            if (head.length != 8) return fail(Code::kFrameSize, length("PING"));
            if (head.stream) return fail(Code::kProtocol, wrong("PING", "identifier"));
            return expect(8);
        case Type::kGoAway:
            if (head.length < 8) return fail(Code::kFrameSize, length("GOAWAY"));
            if (head.stream) return fail(Code::kProtocol, wrong("GOAWAY", "identifier"));
            return expect(0);
        case Type::kWindowUpdate:
            if (head.length != 4) return fail(Code::kFrameSize, length("WINDOW_UPDATE"));
            if (idle_stream(head.stream)) return fail(Code::kProtocol, wrong("WINDOW_UPDATE", "identifier"));
            return expect(4);
        case Type::kContinuation:
            if (!block_id_) return fail(Code::kProtocol, "client sent unexpected CONTINUATION frame");
            return expect(0);
        case Type::kPriorityUpdate:
            if (head.stream) return fail(Code::kProtocol, wrong("PRIORITY_UPDATE", "identifier"));
            if (head.length < 4) return fail(Code::kFrameSize, length("PRIORITY_UPDATE"));
            priority_text_.clear();
            return expect(4);
        default: return expect(0);
    }
}

/// The part of a frame that was wanted whole.
void ClientConnection::take_prefix(const char* bytes) {
    switch (frame_.type) {
        case Type::kData:
            padding_ = static_cast<unsigned char>(bytes[0]);
            if (padding_ > left_)
                return fail(Code::kProtocol, cat({"client sent padded DATA frame with incorrect length: ", std::to_string(frame_.length), ", padding: ",
                                                  std::to_string(padding_)}));
            left_ -= padding_;
            return begin_data();
        case Type::kHeaders: return open_headers(bytes);
        case Type::kPriority: return take_priority(bytes);
        case Type::kReset: return take_reset(static_cast<Code>(get32(bytes)));
        case Type::kSettings:
            take_setting(static_cast<std::uint16_t>(get32(bytes) >> 16), get32(bytes + 2));
            if (left_) step_ = Step::kPrefix;
            return;
        case Type::kPing:
            if (!frame_.has(kAck)) small(Type::kPing, kAck, 0, {bytes, 8});
            else if (going_ && !goaway_sent_) last_goaway();
            return;
        case Type::kWindowUpdate: return take_window_update(get32(bytes) & 0x7fffffff);
        case Type::kPriorityUpdate: priority_text_.assign(bytes, 4); return;
        default: return;
    }
}

void ClientConnection::take_payload(std::string_view bytes, bool last) {
    switch (frame_.type) {
        case Type::kData: {
            auto* stream = find(frame_.stream);
            if (!stream || stream->in_closed_ || stream->broken_) return;
            payload_bytes_ += bytes.size();
            bool ends = last && frame_.has(kEndStream);
            if (ends) stream->in_closed_ = true;
            if (!bytes.empty()) stream->receive(bytes);
            if (ends) stream->end_of_input();
            return;
        }
        case Type::kHeaders:
        case Type::kContinuation: return header_block(bytes, last && frame_.has(kEndHeaders));
        case Type::kPriorityUpdate:
            if (priority_text_.size() < 256) priority_text_ += bytes;
            if (last) take_priority_update(priority_text_);
            return;
        default: return;
    }
}

}  // namespace bext::http2
