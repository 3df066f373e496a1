#include "http/forwarded.h"

#include <algorithm>

#include "base/text.h"

namespace bext::http {
namespace {

/// What stands in brackets; all of it without them.
std::string_view inside(std::string_view host) {
    bool bracketed = host.size() > 1 && host.front() == '[' && host.back() == ']';
    return bracketed ? host.substr(1, host.size() - 2) : host;
}

/// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]", "[::1]:80" (ngx_parse_addr_port).
std::optional<net::Address> parse_address(std::string_view text) {
    if (auto plain = net::Address::literal(inside(text), 0)) return plain;
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    auto port = parse_decimal(text.substr(colon + 1), 65535);
    auto host = text.substr(0, colon);
    if (!port || *port == 0 || (host.find(':') != std::string_view::npos && host[0] != '[')) return std::nullopt;
    return net::Address::literal(inside(host), static_cast<std::uint16_t>(*port));
}

enum class Walk { kNothing, kStopped, kAll };

Walk walk(std::string_view list, const std::vector<net::Cidr>& trusted, bool recursive, net::Address& address) {
    bool found = false;
    for (;;) {
        auto stop = found ? Walk::kStopped : Walk::kNothing;
        if (std::none_of(trusted.begin(), trusted.end(), [&](auto& range) { return range.contains(address); })) return stop;
        auto end = list.find_last_not_of(" ,");
        if (end == std::string_view::npos) return stop;
        list = list.substr(0, end + 1);
        auto blank = list.find_last_of(" ,");
        auto begin = blank == std::string_view::npos ? 0 : blank + 1;
        auto next = parse_address(list.substr(begin));
        if (!next) return stop;
        address = *next;
        found = true;
        if (begin == 0 || !recursive) return Walk::kAll;
        list = list.substr(0, begin - 1);
    }
}

}  // namespace

bool forwarded_address(std::string_view list, const std::vector<net::Cidr>& trusted, bool recursive, net::Address& address) {
    return walk(list, trusted, recursive, address) != Walk::kNothing;
}

bool forwarded_for(const Headers& headers, const std::vector<net::Cidr>& trusted, bool recursive, net::Address& address) {
    bool found = false;
    for (auto* header = headers.end(); header-- != headers.begin();) {
        if (header->known != Name::kXForwardedFor || header->gone) continue;
        auto state = walk(header->value, trusted, recursive, address);
        found = found || state != Walk::kNothing;
        if (state != Walk::kAll || !recursive) break;
    }
    return found;
}

}  // namespace bext::http
