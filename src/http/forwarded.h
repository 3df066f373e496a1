// The client's address behind trusted proxies (ngx_http_get_forwarded_addr).
#pragma once

#include <string_view>
#include <vector>

#include "http/headers.h"
#include "net/address.h"

namespace bext::http {

/// Goes over the addresses of `list` ("a, b, c") from the right as long as the one before is trusted; without
/// `recursive` only one step. False when `address` was not changed.
bool forwarded_address(std::string_view list, const std::vector<net::Cidr>& trusted, bool recursive, net::Address& address);
/// The same over all X-Forwarded-For fields, the last first.
bool forwarded_for(const Headers& headers, const std::vector<net::Cidr>& trusted, bool recursive, net::Address& address);

}  // namespace bext::http
