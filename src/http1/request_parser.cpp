// The request line of an HTTP/1 request, with the grammar of nginx's ngx_http_parse_request_line (RFC 9112, section 3).
// A complete line of the common form takes the fast way; everything else goes byte by byte through the states.
#include "http1/request_parser.h"

#include <bit>
#include <cstring>

#include "base/text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace bext::http1 {
namespace {

constexpr bool is_letter(unsigned char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }
constexpr bool is_number(unsigned char c) { return static_cast<unsigned char>(c - '0') < 10; }
constexpr bool is_method(unsigned char c) { return (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; }
constexpr bool ends_target(unsigned char c) { return c <= 0x20 || c == 0x7f; }

// What the bytes of a target mean, met one after another.
struct TargetScan {
    std::size_t question = 0;
    bool complex = false;
    bool plus = false;

    void meet(unsigned char c, unsigned char next, std::size_t at) {
        if (c == '#') complex = true;
        if (question != 0) return;
        switch (c) {
            case '?': question = at; break;
            case '%': complex = true; break;
            case '+': plus = true; break;
            case '/': complex |= next == '/' || next == '.'; break;
            default: break;
        }
    }
};

#if defined(__SSE2__)
// Bits of the 16 bytes at `p` that TargetScan has to meet or that end the target; reads 17 bytes.
inline unsigned interesting(const char* p) {
    const auto is = [](__m128i x, char c) { return _mm_cmpeq_epi8(x, _mm_set1_epi8(c)); };
    const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const auto y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 1));
    const auto blank = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x20)), x);
    const auto slash = _mm_and_si128(is(x, '/'), _mm_or_si128(is(y, '/'), is(y, '.')));
    const auto end = _mm_or_si128(_mm_or_si128(blank, is(x, 0x7f)), slash);
    const auto odd = _mm_or_si128(_mm_or_si128(is(x, '?'), is(x, '%')), _mm_or_si128(is(x, '#'), is(x, '+')));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(end, odd)));
}
#endif

// Offset of the byte that ends the target starting at `at`, `size` when it is not there yet.
std::size_t scan_target(const char* data, std::size_t at, std::size_t size, TargetScan& scan) {
#if defined(__SSE2__)
    for (; at + 17 <= size; at += 16) {
        for (unsigned bits = interesting(data + at); bits != 0; bits &= bits - 1) {
            const std::size_t here = at + static_cast<unsigned>(std::countr_zero(bits));
            const auto c = static_cast<unsigned char>(data[here]);
            if (ends_target(c)) return here;
            scan.meet(c, static_cast<unsigned char>(data[here + 1]), here);
        }
    }
#endif
    for (; at + 1 < size; ++at) {
        const auto c = static_cast<unsigned char>(data[at]);
        if (ends_target(c)) return at;
        scan.meet(c, static_cast<unsigned char>(data[at + 1]), at);
    }
    return size;
}

// Length of the method that `data` starts with when a space follows it, else 0.
std::size_t scan_method(const char* data, std::size_t size) {
    if (std::memcmp(data, "GET ", 4) == 0) return 3;
    for (std::size_t i = 0; i < size; ++i) {
        if (data[i] == ' ') return i;
        if (!is_method(static_cast<unsigned char>(data[i]))) return 0;
    }
    return 0;
}

}  // namespace

Parse RequestLineParser::feed(const char* data, std::size_t size) {
    if (state_ == State::kFinished) reset();
    if (pos_ == 0 && fast(data, size)) return Parse::kDone;

    for (; pos_ < size; ++pos_) {
        const Parse verdict = step(data, static_cast<unsigned char>(data[pos_]));
        if (verdict == Parse::kAgain) continue;
        if (verdict == Parse::kDone) ++pos_;
        return verdict;
    }
    return Parse::kAgain;
}

// A whole `METHOD /target HTTP/1.x` line with single spaces; false leaves the parser untouched.
bool RequestLineParser::fast(const char* data, std::size_t size) {
    constexpr std::size_t kShortest = sizeof("G / HTTP/1.1\n") - 1;
    if (size < kShortest) return false;
    const std::size_t method = scan_method(data, size);
    if (method == 0 || method + 1 >= size || data[method + 1] != '/') return false;
    if (std::string_view(data, method) == "CONNECT") return false;

    TargetScan scan;
    const std::size_t end = scan_target(data, method + 1, size, scan);
    const std::size_t version = end + 1;
    if (version + 9 >= size || data[end] != ' ') return false;
    if (std::memcmp(data + version, "HTTP/1.", 7) != 0 || !is_digit(data[version + 7])) return false;
    const std::size_t line_end = version + 8;
    const std::size_t feed = line_end + (data[line_end] == '\r' ? 1 : 0);
    if (data[feed] != '\n') return false;

    method_end_ = static_cast<std::uint32_t>(method);
    target_begin_ = method_end_ + 1;
    target_end_ = static_cast<std::uint32_t>(end);
    question_ = static_cast<std::uint32_t>(scan.question);
    complex_ = scan.complex;
    plus_ = scan.plus;
    protocol_begin_ = static_cast<std::uint32_t>(version);
    minor_ = static_cast<std::uint16_t>(data[version + 7] - '0');
    line_end_ = static_cast<std::uint32_t>(line_end);
    pos_ = static_cast<std::uint32_t>(feed + 1);
    state_ = State::kFinished;
    return true;
}

Parse RequestLineParser::step(const char* data, unsigned char c) {
    switch (state_) {
        case State::kStart:
        case State::kMethod: return on_method(data, c);
        case State::kBeforeTarget:
        case State::kScheme:
        case State::kSchemeSlash:
        case State::kSchemeSlashSlash: return on_scheme(c);
        case State::kBeforeHost:
        case State::kHostStart:
        case State::kHost:
        case State::kHostEnd:
        case State::kHostLiteral: return on_host(c);
        case State::kPortStart:
        case State::kPort: return on_port(c);
        case State::kTarget: return on_target(data, c);
        case State::kAfterTarget:
        case State::kProtocol:
        case State::kMajorFirst:
        case State::kMajor:
        case State::kMinorFirst:
        case State::kMinor: return on_version(c);
        case State::kAfterMinor:
        case State::kAlmostDone: return on_line_end(c);
        case State::kFinished: break;
    }
    return Parse::kInvalid;
}

Parse RequestLineParser::on_method(const char* data, unsigned char c) {
    if (state_ == State::kStart) {
        start_ = pos_;
        if (c == '\r' || c == '\n') return Parse::kAgain;
        if (!is_method(c)) return Parse::kInvalidMethod;
        return go(State::kMethod);
    }
    if (is_method(c)) return Parse::kAgain;
    if (c != ' ') return Parse::kInvalidMethod;

    method_end_ = pos_;
    const std::string_view method(data + start_, method_end_ - start_);
    get_ = method == "GET";
    connect_ = method == "CONNECT";
    return go(connect_ ? State::kBeforeHost : State::kBeforeTarget);
}

Parse RequestLineParser::on_scheme(unsigned char c) {
    switch (state_) {
        case State::kBeforeTarget:
            if (c == ' ') return Parse::kAgain;
            if (c == '/') {
                target_begin_ = pos_;
                return go(State::kTarget);
            }
            scheme_begin_ = pos_;
            return is_letter(c) ? go(State::kScheme) : Parse::kInvalid;
        case State::kScheme:
            if (is_letter(c) || is_number(c) || c == '+' || c == '-' || c == '.') return Parse::kAgain;
            scheme_end_ = pos_;
            return c == ':' ? go(State::kSchemeSlash) : Parse::kInvalid;
        case State::kSchemeSlash: return c == '/' ? go(State::kSchemeSlashSlash) : Parse::kInvalid;
        default: return c == '/' ? go(State::kHostStart) : Parse::kInvalid;
    }
}

Parse RequestLineParser::on_host(unsigned char c) {
    constexpr std::string_view kLiteral = ":-._~!$&'()*+,;=";
    if (state_ == State::kHostLiteral) {
        if (c == ']') return go(State::kHostEnd);
        const bool good = is_letter(c) || is_number(c) || kLiteral.find(static_cast<char>(c)) != kLiteral.npos;
        return good ? Parse::kAgain : Parse::kInvalid;
    }
    if (state_ == State::kBeforeHost && c == ' ') return Parse::kAgain;
    if (state_ == State::kBeforeHost || state_ == State::kHostStart) {
        host_begin_ = pos_;
        has_host_ = true;
        if (c == '[') return go(State::kHostLiteral);
        state_ = State::kHost;
    }
    if (state_ == State::kHost && (is_letter(c) || is_number(c) || c == '.' || c == '-')) return Parse::kAgain;
    if (c == ':') return go(State::kPortStart);
    return connect_ ? Parse::kInvalid : after_host(c);
}

Parse RequestLineParser::on_port(unsigned char c) {
    if (is_number(c)) return go(State::kPort);
    if (!connect_) return after_host(c);
    // CONNECT needs a port with digits, and its target is the host alone.
    host_end_ = pos_;
    return state_ == State::kPort && c == ' ' ? go(State::kAfterTarget) : Parse::kInvalid;
}

Parse RequestLineParser::after_host(unsigned char c) {
    host_end_ = pos_;
    target_begin_ = pos_;
    switch (c) {
        case '/': return go(State::kTarget);
        case '?':
            question_ = pos_;
            complex_ = true;
            return go(State::kTarget);
        case ' ':
            // The target of "http://host" is "/": any slash of the line will do for a view.
            target_begin_ = scheme_end_ + 1;
            target_end_ = target_begin_ + 1;
            return go(State::kAfterTarget);
        default: return Parse::kInvalid;
    }
}

Parse RequestLineParser::on_target(const char* data, unsigned char c) {
    if (!ends_target(c)) {
        if (c == '#') complex_ = true;
        if (question_ != 0) return Parse::kAgain;
        if (c == '?') question_ = pos_;
        if (c == '%' || ((c == '/' || c == '.') && data[pos_ - 1] == '/' && pos_ > target_begin_)) complex_ = true;
        if (c == '+') plus_ = true;
        return Parse::kAgain;
    }
    target_end_ = pos_;
    state_ = State::kAfterTarget;
    return c == ' ' ? Parse::kAgain : on_version(c);
}

Parse RequestLineParser::on_version(unsigned char c) {
    constexpr std::string_view kHttp = "HTTP/";
    switch (state_) {
        case State::kAfterTarget:
            if (c == ' ') return Parse::kAgain;
            if (c == 'H') {
                protocol_begin_ = pos_;
                matched_ = 1;
                return go(State::kProtocol);
            }
            http09_ = true;
            return on_line_end(c);
        case State::kProtocol:
            if (c != static_cast<unsigned char>(kHttp[matched_])) return Parse::kInvalid;
            return ++matched_ == kHttp.size() ? go(State::kMajorFirst) : Parse::kAgain;
        case State::kMajorFirst:
            if (c < '1' || c > '9') return Parse::kInvalid;
            return c == '1' ? go(State::kMajor) : Parse::kInvalidVersion;
        case State::kMajor:
            if (c == '.') return go(State::kMinorFirst);
            return is_number(c) ? Parse::kInvalidVersion : Parse::kInvalid;
        case State::kMinorFirst:
            if (!is_number(c)) return Parse::kInvalid;
            minor_ = static_cast<std::uint16_t>(c - '0');
            return go(State::kMinor);
        default:
            if (!is_number(c)) return c == ' ' ? go(State::kAfterMinor) : on_line_end(c);
            if (minor_ > 99) return Parse::kInvalid;
            minor_ = static_cast<std::uint16_t>(minor_ * 10 + (c - '0'));
            return Parse::kAgain;
    }
}

Parse RequestLineParser::on_line_end(unsigned char c) {
    if (state_ == State::kAlmostDone) return c == '\n' ? finish(pos_ - 1) : Parse::kInvalid;
    if (c == '\n') return finish(pos_);
    if (c == '\r') return go(State::kAlmostDone);
    return c == ' ' && state_ == State::kAfterMinor ? Parse::kAgain : Parse::kInvalid;
}

Parse RequestLineParser::finish(std::uint32_t line_end) {
    line_end_ = line_end;
    if (http09_ && !get_) return Parse::kInvalid09;
    if (connect_) {
        // As nginx, which takes the slash of "HTTP/" for the target of CONNECT.
        target_begin_ = protocol_begin_ + 4;
        target_end_ = target_begin_ + 1;
    }
    state_ = State::kFinished;
    return Parse::kDone;
}

std::size_t RequestLineParser::drop_leading() {
    const std::uint32_t dropped = state_ == State::kStart ? pos_ : start_;
    for (auto* offset : {&pos_, &method_end_, &scheme_begin_, &scheme_end_, &host_begin_, &host_end_, &target_begin_,
                         &target_end_, &question_, &protocol_begin_})
        *offset -= *offset == 0 ? 0 : dropped;
    start_ = 0;
    return dropped;
}

}  // namespace bext::http1
