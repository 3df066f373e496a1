// Escaping of text for URIs, HTML, JSON and the access log, with nginx's tables; base64 and hex (RFC 4648).
#include "http/escape.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/arena.h"
#include "base/text.h"

namespace bext::http {
namespace {

constexpr unsigned bit(Escape kind) { return 1u << static_cast<unsigned>(kind); }

constexpr bool is_unreserved(unsigned c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

using Table = std::array<std::uint16_t, 256>;

constexpr void mark(Table& table, Escape kind, std::string_view bytes) {
    for (const char c : bytes) table[static_cast<unsigned char>(c)] |= static_cast<std::uint16_t>(bit(kind));
}

// For each byte the kinds that escape it.
constexpr Table kEscaped = [] {
    Table table{};
    constexpr unsigned kUris = bit(Escape::kUri) | bit(Escape::kArgs) | bit(Escape::kUriComponent) |
                               bit(Escape::kUriHtml) | bit(Escape::kRefresh);
    for (unsigned c = 0; c < 256; ++c) {
        unsigned kinds = is_unreserved(c) ? 0 : bit(Escape::kUriComponent);
        if (c >= 0x7f) kinds |= kUris | bit(Escape::kLog);
        if (c < 0x20) kinds |= kUris | bit(Escape::kMemcached) | bit(Escape::kJson) | bit(Escape::kLog);
        table[c] = static_cast<std::uint16_t>(kinds);
    }
    mark(table, Escape::kUri, " \"#%<>?\\^`{|}");
    mark(table, Escape::kArgs, " \"#%&+;<>?\\^`{|}");
    mark(table, Escape::kUriHtml, " \"#%'<>\\^`{|}");
    mark(table, Escape::kRefresh, " \"'<>\\^`{|~");  // nginx escapes '~' here and not '}'
    mark(table, Escape::kMemcached, " %");
    mark(table, Escape::kHtml, "<>&\"");
    mark(table, Escape::kJson, "\"\\");
    mark(table, Escape::kLog, "\"\\");
    return table;
}();

constexpr bool escapes(Escape kind, char c) { return (kEscaped[static_cast<unsigned char>(c)] & bit(kind)) != 0; }

constexpr char kHexUpper[] = "0123456789ABCDEF";

char* put(char* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

char* put_hex(char* out, std::string_view prefix, unsigned char c) {
    out = put(out, prefix);
    *out++ = kHexUpper[c >> 4];
    *out++ = kHexUpper[c & 0xf];
    return out;
}

char* put_html(char* out, char c) {
    switch (c) {
        case '<': return put(out, "&lt;");
        case '>': return put(out, "&gt;");
        case '&': return put(out, "&amp;");
        default: return put(out, "&quot;");
    }
}

char* put_json(char* out, char c) {
    switch (c) {
        case '\n': return put(out, "\\n");
        case '\r': return put(out, "\\r");
        case '\t': return put(out, "\\t");
        case '\b': return put(out, "\\b");
        case '\f': return put(out, "\\f");
        case '"': return put(out, "\\\"");
        case '\\': return put(out, "\\\\");
        default: return put_hex(out, "\\u00", static_cast<unsigned char>(c));
    }
}

char* put_one(char* out, Escape kind, char c) {
    switch (kind) {
        case Escape::kHtml: return put_html(out, c);
        case Escape::kJson: return put_json(out, c);
        case Escape::kLog: return put_hex(out, "\\x", static_cast<unsigned char>(c));
        default: return put_hex(out, "%", static_cast<unsigned char>(c));
    }
}

// Offset of the first byte to escape, text.size() for none.
std::size_t first_escaped(Escape kind, std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && !escapes(kind, text[at])) ++at;
    return at;
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode(std::string_view bytes, std::string_view alphabet, bool padding) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
        unsigned group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
        for (std::size_t j = 0; j <= count; ++j) out += alphabet[group >> (18 - 6 * j) & 0x3f];
        if (padding) out.append(3 - count, '=');
    }
    return out;
}

std::optional<std::string> decode(std::string_view text, std::string_view alphabet) {
    text = text.substr(0, text.find('='));
    if (text.size() % 4 == 1) return {};
    std::string out;
    out.reserve(text.size() / 4 * 3 + 2);
    unsigned group = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == alphabet.npos) return {};
        group = group << 6 | static_cast<unsigned>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out += static_cast<char>(group >> bits & 0xff);
    }
    return out;
}

}  // namespace

std::size_t escaped_bound(Escape kind, std::size_t size) {
    switch (kind) {
        case Escape::kHtml:
        case Escape::kJson: return size * 6;
        case Escape::kLog: return size * 4;
        default: return size * 3;
    }
}

bool needs_escaping(Escape kind, std::string_view text) { return first_escaped(kind, text) != text.size(); }

char* escape_to(char* out, Escape kind, std::string_view text) {
    for (const char c : text) {
        if (escapes(kind, c))
            out = put_one(out, kind, c);
        else
            *out++ = c;
    }
    return out;
}

std::string_view escape(Escape kind, std::string_view text, Arena& arena) {
    const std::size_t plain = first_escaped(kind, text);
    if (plain == text.size()) return text;
    char* const begin = arena.bytes(plain + escaped_bound(kind, text.size() - plain));
    char* const end = escape_to(put(begin, text.substr(0, plain)), kind, text.substr(plain));
    return {begin, static_cast<std::size_t>(end - begin)};
}

void append_escaped(std::string& out, Escape kind, std::string_view text) {
    const std::size_t plain = first_escaped(kind, text);
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const std::size_t before = out.size();
    out.resize(before + escaped_bound(kind, text.size()));
    const char* const end = escape_to(out.data() + before, kind, text);
    out.resize(static_cast<std::size_t>(end - out.data()));
}

char* unescape_to(char* out, Unescape kind, std::string_view text, std::size_t& used) {
    const bool stops = kind != Unescape::kAll;
    used = 0;
    while (used < text.size()) {
        const char c = text[used++];
        if (c != '%') {
            *out++ = c;
            if (c == '?' && stops) break;
            continue;
        }
        if (used == text.size()) break;
        const char first = text[used++];
        const int high = hex_digit(first);
        if (high < 0) {
            *out++ = first;
            continue;
        }
        if (used == text.size()) break;
        const char second = text[used++];
        const int low = hex_digit(second);
        if (low < 0) continue;
        const auto decoded = static_cast<unsigned char>(high << 4 | low);
        if (kind == Unescape::kRedirect && decoded != '?' && (decoded <= '%' || decoded >= 0x7f)) {
            *out++ = '%';
            *out++ = first;
            *out++ = second;
            continue;
        }
        *out++ = static_cast<char>(decoded);
        if (decoded == '?' && stops) break;
    }
    return out;
}

std::string_view unescape_uri(std::string_view text, Unescape kind, Arena& arena) {
    if (text.find('%') == text.npos) return text;
    char* const begin = arena.bytes(text.size());
    std::size_t used = 0;
    char* end = unescape_to(begin, kind, text, used);
    end = put(end, text.substr(used));
    return {begin, static_cast<std::size_t>(end - begin)};
}

std::string base64(std::string_view bytes) { return encode(bytes, kBase64, true); }

std::string base64url(std::string_view bytes) { return encode(bytes, kBase64Url, false); }

std::optional<std::string> decode_base64(std::string_view text) { return decode(text, kBase64); }

std::optional<std::string> decode_base64url(std::string_view text) { return decode(text, kBase64Url); }

std::string to_hex(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        out += to_lower(kHexUpper[static_cast<unsigned char>(c) >> 4]);
        out += to_lower(kHexUpper[static_cast<unsigned char>(c) & 0xf]);
    }
    return out;
}

}  // namespace bext::http
