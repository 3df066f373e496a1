// Header lines of requests and of upstream responses, with the grammar of nginx's ngx_http_parse_header_line
// (RFC 9112, section 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http1/request_parser.h"

namespace bext::http1 {

/// What may differ between two users of the header line grammar.
struct HeaderOptions {
    bool underscores = false;    ///< underscores_in_headers: '_' in a name is an ordinary character
    bool skip_status = false;    ///< upstream responses: a repeated "HTTP/..." line is skipped, some IIS send it
};

/// A parsed header line; both views point into the bytes it was parsed from.
struct HeaderLine {
    std::string_view name;
    std::string_view value;      ///< without the spaces around it; tabs stay
    bool invalid_name = false;   ///< ignore_invalid_headers drops the line: odd bytes, or '_' without the option
    bool underscore = false;     ///< the name holds a '_'
};

/// Parses header lines one after another. Positions are offsets from the first byte fed, so that the caller may move an
/// incomplete line.
class HeaderLineParser {
public:
    explicit HeaderLineParser(HeaderOptions options = {}) : options_(options) {}

    /// Changes the options, which apply from the next line on: the Host header may choose another server.
    void set_options(HeaderOptions options) { options_ = options; }

    /// Forgets an unfinished line; a finished parser does this by itself at the next feed.
    void reset() { *this = HeaderLineParser(options_); }

    /// `line` are all `size` bytes since the line began. kDone: a header line, kEnd: the empty line after the last one.
    Parse feed(const char* line, std::size_t size);

    /// Bytes of the finished line with its end.
    std::size_t consumed() const { return pos_; }

    /// Offset of the first byte of the name: not 0 only after a skipped status line.
    std::size_t start() const { return start_; }

    /// After kInvalid: offset of the byte that nginx's message "client sent invalid header line" ends with.
    std::size_t bad_at() const { return value_end_; }

    /// The views of a finished line in `line`.
    HeaderLine result(const char* line) const {
        return {{line + start_, name_end_ - start_}, {line + value_begin_, value_end_ - value_begin_}, invalid_name_,
                underscore_};
    }

private:
    enum class State : std::uint8_t {
        kStart, kName, kBeforeValue, kValue, kAfterValue, kSkipLine, kAlmostDone, kAlmostEnd, kFinished,
    };

    // What a line does not set itself.
    void restart() {
        pos_ = start_ = 0;
        state_ = State::kStart;
        invalid_name_ = underscore_ = false;
    }
    bool fast(const char* line, std::size_t size);
    Parse step(const char* line, unsigned char c);
    Parse on_start(unsigned char c);
    Parse on_name(const char* line, unsigned char c);
    Parse on_value(unsigned char c);
    Parse on_line_end(unsigned char c);
    Parse finish(Parse verdict) {
        state_ = State::kFinished;
        return verdict;
    }
    Parse go(State state) {
        state_ = state;
        return Parse::kAgain;
    }
    Parse invalid() {
        value_end_ = pos_;
        return Parse::kInvalid;
    }

    std::uint32_t pos_ = 0;
    std::uint32_t start_ = 0;
    std::uint32_t name_end_ = 0;
    std::uint32_t value_begin_ = 0;
    std::uint32_t value_end_ = 0;
    State state_ = State::kStart;
    bool invalid_name_ = false;
    bool underscore_ = false;
    HeaderOptions options_;
};

}  // namespace bext::http1
