// Escaping of text for URIs, HTML, JSON and the access log, with the tables of nginx's ngx_escape_uri,
// ngx_unescape_uri, ngx_escape_html, ngx_escape_json and ngx_http_log_escape; base64 and hex (RFC 4648).
// Every function goes over its input once, into a buffer of the worst-case size.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bext {
class Arena;
}

namespace bext::http {

/// What the text is escaped for.
enum class Escape : unsigned char {
    kUri,           ///< a path: blanks, controls, bytes from 0x7f, and  "#%<>?\^`{|}
    kArgs,          ///< one argument: those of kUri and &+;
    kUriComponent,  ///< all but letters, digits and -._~
    kUriHtml,       ///< a URI inside an HTML attribute
    kRefresh,       ///< a URI inside a Refresh header or <meta>
    kMemcached,     ///< a memcached key: blanks, controls and %
    kHtml,          ///< HTML text: <>&" as entities
    kJson,          ///< inside a JSON string, log_format's escape=json
    kLog,           ///< log_format's escape=default: "\ and bytes outside of 0x20-0x7e as \xXX
};

/// Bytes that `size` bytes become at most.
std::size_t escaped_bound(Escape kind, std::size_t size);

/// Whether escaping would change `text`.
bool needs_escaping(Escape kind, std::string_view text);

/// Writes `text` escaped at `out` (escaped_bound() bytes); returns the end.
char* escape_to(char* out, Escape kind, std::string_view text);

/// `text` itself when nothing needs escaping, else an escaped copy in `arena`.
std::string_view escape(Escape kind, std::string_view text, Arena& arena);

/// Appends `text` escaped to `out`.
void append_escaped(std::string& out, Escape kind, std::string_view text);

/// Where unescaping stops.
enum class Unescape : unsigned char {
    kAll,       ///< decode every %XX
    kUri,       ///< stop after a '?', decoded or not
    kRedirect,  ///< stop after a '?'; %XX of blanks, controls, !"#$% and bytes from 0x7f stay as they are
};

/// Decodes %XX of `text` into `out` (text.size() bytes, may be text's own); returns the end. A broken %XX loses its
/// '%' and, after one good digit, the digit and the byte as well. `used` is how much was read.
char* unescape_to(char* out, Unescape kind, std::string_view text, std::size_t& used);

/// `text` with %XX decoded, itself when it holds no '%'. What follows a stopping '?' is appended as it stands.
std::string_view unescape_uri(std::string_view text, Unescape kind, Arena& arena);

/// Base64 with padding, or base64url without.
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);

/// Decodes up to the first '='; nothing when a byte is outside of the alphabet or a single one is left over.
std::optional<std::string> decode_base64(std::string_view text);
std::optional<std::string> decode_base64url(std::string_view text);

/// Lower-case hexadecimal of `bytes`.
std::string to_hex(std::string_view bytes);

}  // namespace bext::http
