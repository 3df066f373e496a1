// The status line of an upstream response, with the grammar of nginx's ngx_http_parse_status_line
// (RFC 9112, section 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http1/request_parser.h"

namespace bext::http1 {

/// A parsed status line; the view points into the bytes it was parsed from.
struct StatusLine {
    int major = 0;
    int minor = 0;
    int status = 0;
    std::string_view text;  ///< "200 OK": the code and what follows it

    bool before_http11() const { return major * 1000 + minor < 1001; }
};

/// Parses one status line in as many pieces as it arrives in. kInvalid means "no valid HTTP/1.0 header": the caller
/// treats the bytes from the first one on as an HTTP/0.9 body.
class StatusLineParser {
public:
    void reset() { *this = StatusLineParser(); }

    /// `line` are all `size` bytes since the response began.
    Parse feed(const char* line, std::size_t size);

    /// Bytes of the finished line with its end.
    std::size_t consumed() const { return pos_; }

    /// The parts of a finished line in `line`.
    StatusLine result(const char* line) const {
        return {major_, minor_, status_, {line + text_begin_, text_end_ - text_begin_}};
    }

private:
    enum class State : std::uint8_t {
        kProtocol, kMajorFirst, kMajor, kMinorFirst, kMinor, kStatus, kAfterStatus, kText, kAlmostDone, kFinished,
    };

    Parse step(char c);
    Parse on_version(char c);
    Parse on_status(char c);
    Parse on_text(char c);
    Parse finish(std::uint32_t text_end);
    Parse go(State state) {
        state_ = state;
        return Parse::kAgain;
    }

    std::uint32_t pos_ = 0;
    std::uint32_t text_begin_ = 0;
    std::uint32_t text_end_ = 0;
    std::int16_t major_ = 0;
    std::int16_t minor_ = 0;
    std::int16_t status_ = 0;
    std::uint8_t digits_ = 0;
    State state_ = State::kProtocol;
};

}  // namespace bext::http1
