// Frames: the framing layer of HTTP/2 (RFC 9113, sections 4 and 6), and what it is made of.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace bext::http2 {

inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
inline constexpr std::size_t kFrameHead = 9;
inline constexpr std::int64_t kMaxWindow = 0x7fffffff;
inline constexpr std::int64_t kDefaultWindow = 65535;
inline constexpr std::uint32_t kDefaultFrame = 16384;
inline constexpr std::uint32_t kMaxFrame = 0xffffff;

enum class Type : std::uint8_t {
    kData, kHeaders, kPriority, kReset, kSettings, kPushPromise, kPing, kGoAway, kWindowUpdate, kContinuation, kPriorityUpdate = 16,
};

enum Flag : std::uint8_t { kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8, kWithPriority = 32 };

enum class Setting : std::uint16_t {
    kTableSize = 1, kEnablePush, kMaxStreams, kInitialWindow, kMaxFrameSize, kMaxHeaderList, kNoRfc7540Priorities = 9,
};

enum class Code : std::uint32_t {
    kNone, kProtocol, kInternal, kFlowControl, kSettingsTimeout, kStreamClosed, kFrameSize, kRefused, kCancel, kCompression, kConnect, kCalm,
};

struct FrameHead {
    std::uint32_t length = 0;
    Type type{};
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    bool has(std::uint8_t flag) const { return flags & flag; }
};

inline std::uint32_t get32(const char* p) {
    auto* u = reinterpret_cast<const unsigned char*>(p);
    return std::uint32_t{u[0]} << 24 | std::uint32_t{u[1]} << 16 | std::uint32_t{u[2]} << 8 | u[3];
}

inline FrameHead get_head(const char* p) {
    return {get32(p) >> 8, static_cast<Type>(p[3]), static_cast<std::uint8_t>(p[4]), get32(p + 5) & 0x7fffffff};
}

inline char* put32(char* p, std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) *p++ = static_cast<char>(value >> shift);
    return p;
}

inline char* put_head(char* p, std::uint32_t length, Type type, std::uint8_t flags, std::uint32_t stream) {
    p = put32(p, length << 8 | static_cast<std::uint32_t>(type));
    *p++ = static_cast<char>(flags);
    return put32(p, stream);
}

}  // namespace bext::http2
