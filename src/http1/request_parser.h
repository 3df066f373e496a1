// The request line of an HTTP/1 request, with the grammar of nginx's ngx_http_parse_request_line (RFC 9112, section 3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bext::http1 {

/// What a parser of this folder says about the bytes it was given.
enum class Parse : std::uint8_t {
    kAgain,           ///< incomplete: call again with more bytes
    kDone,            ///< a line was parsed
    kEnd,             ///< header lines only: the empty line that ends the head
    kInvalid,         ///< 400; nginx: "client sent invalid request" or "invalid header line"
    kInvalidMethod,   ///< 400; nginx: "client sent invalid method"
    kInvalidVersion,  ///< 505; nginx: "client sent invalid version"
    kInvalid09,       ///< 400; nginx: "client sent invalid method in HTTP/0.9 request"
};

/// A parsed request line; every view points into the bytes the line was parsed from.
struct RequestLine {
    std::string_view line;      ///< the whole line without its end: $request
    std::string_view method;    ///< $request_method
    std::string_view target;    ///< $request_uri; "/" for "http://host" and CONNECT, "?x" for "http://host?x"
    std::string_view path;      ///< $uri as it stands, when not `complex`
    std::string_view args;      ///< $args, when not `complex`
    std::string_view scheme;    ///< of an absolute target, else empty
    std::string_view host;      ///< of an absolute target or CONNECT, with its port; wins over the Host header
    std::string_view protocol;  ///< "HTTP/1.1" ($server_protocol); empty for HTTP/0.9
    int major = 0;
    int minor = 9;
    bool http09 = false;    ///< no version: no header lines follow
    bool has_host = false;  ///< the target has a host part, even an empty one
    bool complex = false;   ///< `target` has to go through http::normalise
    bool plus = false;      ///< a plain path holds a '+'
    bool connect = false;   ///< the method is CONNECT
};

/// Parses one request line, in as many pieces as it arrives in. CR and LF bytes before the line are skipped: they count
/// in consumed() but belong to no line. Positions are kept as offsets from the first byte fed, so that the caller may
/// move an incomplete line.
class RequestLineParser {
public:
    /// Forgets everything; a finished parser does this by itself at the next feed.
    void reset() { *this = RequestLineParser(); }

    /// `data` are all `size` bytes since the line began, those of earlier calls included.
    Parse feed(const char* data, std::size_t size);

    /// Bytes that belong to the finished line, with its end and the empty lines before it.
    std::size_t consumed() const { return pos_; }

    /// Offset of the first byte of the line, after the skipped CR and LF bytes.
    std::size_t start() const { return start_; }

    /// Makes start() the new offset 0 of an incomplete line and returns how many bytes the caller has to drop.
    std::size_t drop_leading();

    /// The views of a finished line in `data`; those of an unfinished or invalid one are empty or what was read of it.
    RequestLine result(const char* data) const;

private:
    enum class State : std::uint8_t {
        kStart, kMethod, kBeforeTarget, kScheme, kSchemeSlash, kSchemeSlashSlash, kBeforeHost, kHostStart, kHost,
        kHostEnd, kHostLiteral, kPortStart, kPort, kTarget, kAfterTarget, kProtocol, kMajorFirst, kMajor, kMinorFirst,
        kMinor, kAfterMinor, kAlmostDone, kFinished,
    };

    bool fast(const char* data, std::size_t size);
    Parse step(const char* data, unsigned char c);
    Parse on_method(const char* data, unsigned char c);
    Parse on_scheme(unsigned char c);
    Parse on_host(unsigned char c);
    Parse on_port(unsigned char c);
    Parse after_host(unsigned char c);
    Parse on_target(const char* data, unsigned char c);
    Parse on_version(unsigned char c);
    Parse on_line_end(unsigned char c);
    Parse finish(std::uint32_t line_end);
    Parse go(State state) {
        state_ = state;
        return Parse::kAgain;
    }

    // All zero at first: a parser is reset with a few wide stores.
    std::uint32_t pos_ = 0;
    std::uint32_t start_ = 0;
    std::uint32_t method_end_ = 0;
    std::uint32_t scheme_begin_ = 0;
    std::uint32_t scheme_end_ = 0;
    std::uint32_t host_begin_ = 0;
    std::uint32_t host_end_ = 0;
    std::uint32_t target_begin_ = 0;
    std::uint32_t target_end_ = 0;
    std::uint32_t question_ = 0;  // offset of the '?' that starts the arguments, 0 for none
    std::uint32_t protocol_begin_ = 0;
    std::uint32_t line_end_ = 0;
    std::uint16_t minor_ = 0;
    State state_ = State::kStart;
    std::uint8_t matched_ = 0;  // bytes of "HTTP/" seen
    bool http09_ = false;
    bool get_ = false;
    bool connect_ = false;
    bool has_host_ = false;
    bool complex_ = false;
    bool plus_ = false;
};

inline RequestLine RequestLineParser::result(const char* data) const {
    const auto view = [data](std::uint32_t begin, std::uint32_t end) {
        return std::string_view(data + begin, end > begin ? end - begin : 0);
    };
    const std::uint32_t path_end = question_ == 0 ? target_end_ : question_;
    const std::uint32_t args_begin = question_ == 0 ? target_end_ : question_ + 1;
    return {
        .line = view(start_, line_end_),
        .method = view(start_, method_end_),
        .target = view(target_begin_, target_end_),
        .path = view(target_begin_, path_end),
        .args = view(args_begin, target_end_),
        .scheme = view(scheme_begin_, scheme_end_),
        .host = view(host_begin_, host_end_),
        .protocol = view(protocol_begin_, protocol_begin_ == 0 ? 0 : line_end_),
        .major = http09_ ? 0 : 1,
        .minor = http09_ ? 9 : minor_,
        .http09 = http09_,
        .has_host = has_host_,
        .complex = complex_,
        .plus = plus_,
        .connect = connect_,
    };
}

}  // namespace bext::http1
