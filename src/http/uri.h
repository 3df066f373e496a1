// Request targets: decoding and dot resolution with the semantics of nginx's ngx_http_parse_complex_uri,
// ngx_http_process_request_uri, ngx_http_parse_uri and ngx_http_parse_unsafe_uri (RFC 3986, sections 2.1 and 5.2.4).
#pragma once

#include <cstddef>
#include <string_view>

namespace bext {
class Arena;
}

namespace bext::http {

/// What a request target means.
struct NormalisedUri {
    std::string_view path;    ///< $uri: decoded, dots resolved, slashes merged
    std::string_view args;    ///< $args: raw, after the first '?' and before '#'
    std::string_view exten;   ///< what follows the last '.' of the last segment; a dot that starts one does not count
    bool quoted = false;      ///< the path had %XX in it
    bool plus = false;        ///< the path has a '+', which scripts then escape in arguments
};

/// Whether a raw target has to go through normalise(): it holds "%" , "//" or "/." before its '?', or a '#'.
bool needs_normalising(std::string_view target);

/// Bytes that normalise() may write for `target`.
constexpr std::size_t normalised_size(std::string_view target) { return target.size() + 1; }

/// Decodes `target`, which a RequestLineParser or valid_target() let through, into `out` (normalised_size() bytes) and
/// fills `uri`, whose args stay in `target`. A target that does not begin with '/' gets one in front ("?x" of
/// "http://host?x"). False: answer 400, for a bad %XX, %00 or a ".." above the root.
bool normalise(std::string_view target, bool merge_slashes, char* out, NormalisedUri& uri);

/// The same for any target, into `arena`; one that needs no normalising is used in place.
bool normalise(std::string_view target, bool merge_slashes, Arena& arena, NormalisedUri& uri);

/// Whether a target that came outside of a request line (HTTP/2's ":path") starts with '/' and holds no blank, control
/// byte or DEL, as ngx_http_parse_uri wants it.
bool valid_target(std::string_view target);

/// The extension of a normalised path, as nginx's ngx_http_set_exten: for paths made by rewrite, index or try_files.
std::string_view extension(std::string_view path);

/// Checks and unescapes the URI of an internal redirect (X-Accel-Redirect, Destination): `uri` becomes the decoded
/// path, `args` what follows its '?'. False when it is empty, climbs with "..", or holds a NUL; then both are as they
/// were. Stricter than nginx, which lets "/..?x" through.
bool parse_unsafe_uri(std::string_view& uri, std::string_view& args, Arena& arena);

/// Cuts `uri` at its first '?'; returns the arguments.
std::string_view split_args(std::string_view& uri);

}  // namespace bext::http
