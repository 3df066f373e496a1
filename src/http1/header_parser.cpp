// Header lines of requests and of upstream responses, with the grammar of nginx's ngx_http_parse_header_line
// (RFC 9112, section 5). A complete line of the common form takes the fast way, the rest goes byte by byte.
#include "http1/header_parser.h"

#include <array>
#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace bext::http1 {
namespace {

// Kinds of bytes in a header name.
enum : std::uint8_t { kToken, kUnderscore, kOdd, kStop };

constexpr auto kNameBytes = [] {
    std::array<std::uint8_t, 256> kinds{};
    for (unsigned c = 0; c < 256; ++c) {
        const bool token = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        kinds[c] = token ? kToken : c <= 0x20 || c == 0x7f || c == ':' ? kStop : kOdd;
    }
    kinds['_'] = kUnderscore;
    return kinds;
}();

constexpr std::uint8_t kind_of(char c) { return kNameBytes[static_cast<unsigned char>(c)]; }
constexpr bool ends_value(char c) { return c == '\r' || c == '\n' || c == '\0'; }

// Offset of the first byte that is no token byte, `size` when there is none.
std::size_t scan_name(const char* line, std::size_t size) {
    std::size_t at = 0;
#if defined(__SSE2__)
    const auto within = [](__m128i x, char first, char count) {
        const auto from_first = _mm_sub_epi8(x, _mm_set1_epi8(first));
        return _mm_cmpeq_epi8(_mm_min_epu8(from_first, _mm_set1_epi8(static_cast<char>(count - 1))), from_first);
    };
    for (; at + 16 <= size; at += 16) {
        const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line + at));
        const auto letter = within(_mm_or_si128(x, _mm_set1_epi8(0x20)), 'a', 26);
        const auto other = _mm_or_si128(within(x, '0', 10), _mm_cmpeq_epi8(x, _mm_set1_epi8('-')));
        const auto bits = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(letter, other)));
        if (bits != 0xffff) return at + static_cast<unsigned>(std::countr_one(bits));
    }
#endif
    while (at < size && kind_of(line[at]) == kToken) ++at;
    return at;
}

// Offset of the first CR, LF or NUL from `at` on, `size` when there is none.
std::size_t scan_value(const char* line, std::size_t at, std::size_t size) {
#if defined(__SSE2__)
    const auto highest = _mm_set1_epi8('\r');
    for (; at + 16 <= size; at += 16) {
        const auto x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line + at));
        const auto low = _mm_cmpeq_epi8(_mm_min_epu8(x, highest), x);
        for (auto bits = static_cast<unsigned>(_mm_movemask_epi8(low)); bits != 0; bits &= bits - 1) {
            const std::size_t here = at + static_cast<unsigned>(std::countr_zero(bits));
            if (ends_value(line[here])) return here;
        }
    }
#endif
    for (; at < size; ++at)
        if (ends_value(line[at])) return at;
    return size;
}

}  // namespace

Parse HeaderLineParser::feed(const char* line, std::size_t size) {
    if (state_ == State::kFinished) restart();
    if (pos_ == 0) {
        if (size >= 2 && line[0] == '\r' && line[1] == '\n') {
            pos_ = 2;
            return finish(Parse::kEnd);
        }
        if (fast(line, size)) return Parse::kDone;
    }
    for (; pos_ < size; ++pos_) {
        const Parse verdict = step(line, static_cast<unsigned char>(line[pos_]));
        if (verdict == Parse::kAgain) continue;
        if (verdict != Parse::kInvalid) ++pos_;
        return verdict;
    }
    return Parse::kAgain;
}

// A whole line whose name is a token followed by ':'; false leaves the parser untouched.
bool HeaderLineParser::fast(const char* line, std::size_t size) {
    std::size_t at = scan_name(line, size);
    if (at == 0 || at == size || line[at] != ':') return false;
    const std::size_t name_end = at++;
    while (at < size && line[at] == ' ') ++at;

    const std::size_t line_end = scan_value(line, at, size);
    if (line_end == size || line[line_end] == '\0') return false;
    const std::size_t feed = line_end + (line[line_end] == '\r' ? 1 : 0);
    if (feed >= size || line[feed] != '\n') return false;
    std::size_t value_end = line_end;
    while (value_end > at && line[value_end - 1] == ' ') --value_end;

    name_end_ = static_cast<std::uint32_t>(name_end);
    value_begin_ = static_cast<std::uint32_t>(at);
    value_end_ = static_cast<std::uint32_t>(value_end);
    pos_ = static_cast<std::uint32_t>(feed + 1);
    state_ = State::kFinished;
    return true;
}

Parse HeaderLineParser::step(const char* line, unsigned char c) {
    switch (state_) {
        case State::kStart: return on_start(c);
        case State::kName: return on_name(line, c);
        case State::kBeforeValue:
        case State::kValue:
        case State::kAfterValue: return on_value(c);
        case State::kSkipLine: return c == '\n' ? go(State::kStart) : Parse::kAgain;
        case State::kAlmostDone: return on_line_end(c);
        case State::kAlmostEnd: return c == '\n' ? finish(Parse::kEnd) : Parse::kInvalid;
        case State::kFinished: break;
    }
    return Parse::kInvalid;
}

Parse HeaderLineParser::on_start(unsigned char c) {
    start_ = pos_;
    invalid_name_ = underscore_ = false;
    value_end_ = pos_;
    if (c == '\n') return finish(Parse::kEnd);
    if (c == '\r') return go(State::kAlmostEnd);
    const auto kind = kNameBytes[c];
    if (kind == kStop) return invalid();
    underscore_ = kind == kUnderscore;
    invalid_name_ = kind == kOdd || (underscore_ && !options_.underscores);
    return go(State::kName);
}

Parse HeaderLineParser::on_name(const char* line, unsigned char c) {
    const auto kind = kNameBytes[c];
    if (kind == kToken) return Parse::kAgain;
    if (kind == kUnderscore) {
        underscore_ = true;
        invalid_name_ |= !options_.underscores;
        return Parse::kAgain;
    }
    name_end_ = value_begin_ = value_end_ = pos_;
    if (c == ':') return go(State::kBeforeValue);
    if (c == '\r' || c == '\n') return on_line_end(c);  // no colon: a header with an empty value
    if (kind == kStop) return invalid();
    if (c == '/' && options_.skip_status && std::string_view(line + start_, pos_ - start_) == "HTTP")
        return go(State::kSkipLine);
    invalid_name_ = true;
    return Parse::kAgain;
}

Parse HeaderLineParser::on_value(unsigned char c) {
    if (c == '\0') return invalid();
    const bool end = c == '\r' || c == '\n';
    if (state_ == State::kBeforeValue) {
        if (c == ' ') return Parse::kAgain;
        value_begin_ = value_end_ = pos_;
    } else if (state_ == State::kValue && (end || c == ' ')) {
        value_end_ = pos_;
    }
    if (end) return on_line_end(c);
    return go(c == ' ' ? State::kAfterValue : State::kValue);
}

// As nginx: any number of CRs before the LF.
Parse HeaderLineParser::on_line_end(unsigned char c) {
    if (c == '\n') return finish(Parse::kDone);
    return c == '\r' ? go(State::kAlmostDone) : Parse::kInvalid;
}

}  // namespace bext::http1
