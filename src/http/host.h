// The host of a request, checked and normalised as nginx's ngx_http_validate_host does since 1.29.4 (RFC 3986, section
// 3.2.2; RFC 9112, section 3.2).
#pragma once

#include <cstdint>
#include <string_view>

namespace bext {
class Arena;
}

namespace bext::http {

/// A host and its port.
struct Host {
    std::string_view name;       ///< lower case, without port and one trailing dot; IPv6 keeps its brackets
    std::string_view port_text;  ///< the digits after the ':' as sent
    std::uint16_t port = 0;      ///< 0 when there is none
};

/// Checks `text`, the value of a Host header or the host of a request line; `host.name` is in `text`, or a lower-cased
/// copy in `arena`. False: answer 400.
bool validate_host(std::string_view text, Arena& arena, Host& host);

/// Splits "name", "name:port", "[ipv6]" or "[ipv6]:port" without looking into the name; `host.name` keeps the brackets.
/// False when the port is no number from 1 to 65535 or a bracket is missing.
bool split_host_port(std::string_view text, Host& host);

}  // namespace bext::http
