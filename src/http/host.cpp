// The host of a request, checked and normalised as nginx's ngx_http_validate_host does since 1.29.4.
#include "http/host.h"

#include <array>
#include <cstring>

#include "base/arena.h"
#include "base/text.h"

namespace bext::http {
namespace {

enum : std::uint8_t { kBad, kGood, kUpper };

// RFC 3986's unreserved and sub-delims; '%' as well outside of brackets.
constexpr auto kHostBytes = [] {
    std::array<std::uint8_t, 256> kinds{};
    for (unsigned c = 'a'; c <= 'z'; ++c) kinds[c] = kGood;
    for (unsigned c = 'A'; c <= 'Z'; ++c) kinds[c] = kUpper;
    for (unsigned c = '0'; c <= '9'; ++c) kinds[c] = kGood;
    for (const char c : {'-', '.', '_', '~', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '='})
        kinds[static_cast<unsigned char>(c)] = kGood;
    return kinds;
}();

bool parse_port(std::string_view digits, std::uint16_t& port) {
    std::uint32_t number = 0;
    for (const char c : digits) {
        if (!is_digit(c)) return false;
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
        if (number > 65535) return false;
    }
    port = static_cast<std::uint16_t>(number);
    return true;
}

// Whether `name` holds only host bytes, those of `also` included, and no two dots in a row.
bool good_name(std::string_view name, std::string_view also, bool& upper) {
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto kind = kHostBytes[static_cast<unsigned char>(name[i])];
        if (kind == kBad && also.find(name[i]) == also.npos) return false;
        if (name[i] == '.' && i > 0 && name[i - 1] == '.') return false;
        upper |= kind == kUpper;
    }
    return true;
}

}  // namespace

bool validate_host(std::string_view text, Arena& arena, Host& host) {
    host = {};
    bool upper = false;
    const bool literal = !text.empty() && text[0] == '[';
    std::size_t end;
    if (literal) {
        end = text.find(']');
        if (end == text.npos || !good_name(text.substr(1, end - 1), ":", upper)) return false;
        ++end;
    } else {
        end = text.find(':');
        if (end == text.npos) end = text.size();
        if (!good_name(text.substr(0, end), "%", upper)) return false;
    }
    std::string_view name = text.substr(0, end);
    if (end < text.size()) {
        if (text[end] != ':') return false;
        host.port_text = text.substr(end + 1);
        if (!parse_port(host.port_text, host.port)) return false;
    }
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    if (name.empty()) return false;
    host.name = name;
    if (!upper) return true;

    char* const copy = arena.bytes(name.size());
    for (std::size_t i = 0; i < name.size(); ++i) copy[i] = to_lower(name[i]);
    host.name = {copy, name.size()};
    return true;
}

bool split_host_port(std::string_view text, Host& host) {
    host = {};
    std::size_t end = text.find(':');
    if (!text.empty() && text[0] == '[') {
        end = text.find(']');
        if (end == text.npos) return false;
        ++end;
    }
    if (end > text.size()) end = text.size();
    host.name = text.substr(0, end);
    if (end == text.size()) return true;
    if (text[end] != ':') return false;
    host.port_text = text.substr(end + 1);
    return parse_port(host.port_text, host.port) && host.port != 0;
}

}  // namespace bext::http
