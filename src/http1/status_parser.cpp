// The status line of an upstream response, with the grammar of nginx's ngx_http_parse_status_line.
#include "http1/status_parser.h"

#include "base/text.h"

namespace bext::http1 {
namespace {

constexpr std::string_view kHttp = "HTTP/";

std::int16_t shift_in(std::int16_t number, char digit) {
    return static_cast<std::int16_t>(number * 10 + (digit - '0'));
}

}  // namespace

Parse StatusLineParser::feed(const char* line, std::size_t size) {
    if (state_ == State::kFinished) reset();
    for (; pos_ < size; ++pos_) {
        const Parse verdict = step(line[pos_]);
        if (verdict == Parse::kAgain) continue;
        if (verdict == Parse::kDone) ++pos_;
        return verdict;
    }
    return Parse::kAgain;
}

Parse StatusLineParser::step(char c) {
    switch (state_) {
        case State::kStatus: return on_status(c);
        case State::kAfterStatus:
        case State::kText: return on_text(c);
        case State::kAlmostDone: return c == '\n' ? finish(pos_ - 1) : Parse::kInvalid;
        case State::kFinished: return Parse::kInvalid;
        default: return on_version(c);
    }
}

Parse StatusLineParser::on_version(char c) {
    switch (state_) {
        case State::kProtocol:
            if (c != kHttp[pos_]) return Parse::kInvalid;
            return pos_ + 1 == kHttp.size() ? go(State::kMajorFirst) : Parse::kAgain;
        case State::kMajorFirst:
            if (c < '1' || c > '9') return Parse::kInvalid;
            major_ = static_cast<std::int16_t>(c - '0');
            return go(State::kMajor);
        case State::kMajor:
            if (c == '.') return go(State::kMinorFirst);
            if (!is_digit(c) || major_ > 99) return Parse::kInvalid;
            major_ = shift_in(major_, c);
            return Parse::kAgain;
        case State::kMinorFirst:
            if (!is_digit(c)) return Parse::kInvalid;
            minor_ = static_cast<std::int16_t>(c - '0');
            return go(State::kMinor);
        default:
            if (c == ' ') return go(State::kStatus);
            if (!is_digit(c) || minor_ > 99) return Parse::kInvalid;
            minor_ = shift_in(minor_, c);
            return Parse::kAgain;
    }
}

Parse StatusLineParser::on_status(char c) {
    if (c == ' ') return Parse::kAgain;
    if (!is_digit(c)) return Parse::kInvalid;
    status_ = shift_in(status_, c);
    if (++digits_ < 3) return Parse::kAgain;
    text_begin_ = pos_ - 2;
    return go(State::kAfterStatus);
}

Parse StatusLineParser::on_text(char c) {
    if (c == '\n') return finish(pos_);
    if (c == '\r') return go(State::kAlmostDone);
    if (state_ == State::kText || c == ' ' || c == '.') return go(State::kText);  // IIS sends "403.1"
    return Parse::kInvalid;
}

Parse StatusLineParser::finish(std::uint32_t text_end) {
    text_end_ = text_end;
    state_ = State::kFinished;
    return Parse::kDone;
}

}  // namespace bext::http1
