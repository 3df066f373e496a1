// WebSocketFrames: where in a stream of WebSocket frames the bytes that went by have ended. RFC 6455 section 5.2
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace bext::upstream {

class WebSocketFrames {
public:
    void saw(std::string_view bytes) {
        while (!bytes.empty()) {
            if (payload_ > 0) {
                auto taken = std::min<std::uint64_t>(payload_, bytes.size());
                payload_ -= taken;
                bytes.remove_prefix(taken);
                continue;
            }
            head(static_cast<unsigned char>(bytes.front()));
            bytes.remove_prefix(1);
        }
    }
    /// Whether the last byte was the last one of a frame (or nothing was sent yet).
    bool between() const { return have_ == 0 && payload_ == 0; }

private:
    void head(unsigned char byte) {
        ++have_;
        if (have_ == 2) {
            masked_ = byte & 0x80;
            length_ = byte & 0x7f;
            extra_ = length_ == 126 ? 2 : length_ == 127 ? 8 : 0;
            if (extra_) length_ = 0;
        } else if (have_ > 2 && have_ <= 2 + extra_) {
            length_ = length_ << 8 | byte;
        }
        if (have_ < 2 || have_ < 2 + extra_ + (masked_ ? 4 : 0)) return;
        payload_ = length_;
        have_ = extra_ = 0;
        masked_ = false;
    }

    std::uint64_t payload_ = 0;  // bytes to come
    std::uint64_t length_ = 0;
    int have_ = 0;  // bytes of the head
    int extra_ = 0;  // of these, the length's further ones
    bool masked_ = false;
};

}  // namespace bext::upstream
