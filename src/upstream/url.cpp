#include "upstream/url.h"

#include "base/text.h"

namespace bext::upstream {
namespace {

using Wrong = std::optional<std::string_view>;

Wrong parse_unix(std::string_view text, bool uri_part, Url& out) {
    auto path = text.substr(5);
    out.unix_socket = true;
    if (uri_part) {
        auto colon = path.find(':');
        if (colon != std::string_view::npos) {
            out.uri = path.substr(colon + 1);
            path = path.substr(0, colon);
        }
    }
    if (path.empty()) return "no path in the unix domain socket";
    auto address = net::Address::unix_path(path);
    if (!address) return "too long path in the unix domain socket";
    out.host = path;
    out.address = *address;
    return std::nullopt;
}

Wrong take_port(std::string_view digits, Url& out) {
    auto port = parse_decimal(digits, 1 << 20);
    if (!port || *port < 1 || *port > 65535) return "invalid port";
    out.port = static_cast<std::uint16_t>(*port);
    out.port_text = digits;
    return std::nullopt;
}

/// Cuts the URI off `text`.
Wrong cut_uri(std::string_view& text, bool uri_part, Url& out) {
    auto at = text.find_first_of("/?");
    if (at == std::string_view::npos) return std::nullopt;
    if (!uri_part) return "invalid host";
    out.uri = text.substr(at);
    text = text.substr(0, at);
    return std::nullopt;
}

Wrong parse_ipv6(std::string_view text, std::uint16_t default_port, bool uri_part, Url& out) {
    auto end = text.find(']');
    if (end == std::string_view::npos) return "invalid host";
    auto rest = text.substr(end + 1);
    if (auto wrong = cut_uri(rest, uri_part, out)) return wrong;
    if (rest.empty()) {
        out.no_port = true;
        out.port = default_port;
    } else {
        if (rest[0] != ':') return "invalid host";
        if (auto wrong = take_port(rest.substr(1), out)) return wrong;
    }
    if (end == 1) return "no host";
    out.host = text.substr(0, end + 1);
    out.address = net::Address::bracketed(out.host, out.port);
    if (!out.address) return "invalid IPv6 address";
    return std::nullopt;
}

}  // namespace

std::string_view Url::host_header(std::uint16_t default_port) const {
    if (unix_socket) return "localhost";
    if (no_port || port == default_port) return host;
    return {host.data(), host.size() + 1 + port_text.size()};
}

Wrong parse_url(std::string_view text, std::uint16_t default_port, bool uri_part, Url& out) {
    if (istarts_with(text, "unix:")) return parse_unix(text, uri_part, out);
    if (text.starts_with('[')) return parse_ipv6(text, default_port, uri_part, out);
    if (auto wrong = cut_uri(text, uri_part, out)) return wrong;
    auto colon = text.find(':');
    if (colon == std::string_view::npos) {
        out.no_port = true;
        out.port = default_port;
    } else {
        if (auto wrong = take_port(text.substr(colon + 1), out)) return wrong;
        text = text.substr(0, colon);
    }
    if (text.empty()) return "no host";
    out.host = text;
    out.address = net::Address::literal(text, out.port);
    if (out.address && out.address->family() != AF_INET) out.address.reset();
    return std::nullopt;
}

}  // namespace bext::upstream
