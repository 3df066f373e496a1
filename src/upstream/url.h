// The address part of proxy_pass, fastcgi_pass and an upstream's `server` (ngx_parse_url).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/address.h"

namespace bext::upstream {

/// A parsed "host[:port][/uri]", "[::1]:80" or "unix:/path[:/uri]"; views into the text it was parsed from.
struct Url {
    std::string_view host;  ///< a socket's path for unix:
    std::string_view port_text;
    std::string_view uri;
    std::uint16_t port = 0;
    bool no_port = false;
    bool unix_socket = false;
    std::optional<net::Address> address;  ///< when the host is an address

    /// What a Host header says: "host[:port]", the port left out when it is the default one.
    std::string_view host_header(std::uint16_t default_port) const;
};

/// Parses `text` into `out`; `uri_part`: a URI may follow. Returns nginx's words for what is wrong, nothing when all is well.
std::optional<std::string_view> parse_url(std::string_view text, std::uint16_t default_port, bool uri_part, Url& out);

}  // namespace bext::upstream
