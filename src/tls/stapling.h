// What the configuration says of OCSP stapling (RFC 6066, section 8; nginx's ssl_stapling…).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bext::tls {

class Context;

/// The response in a file of `ssl_stapling_file`, which may be stapled as it is. The error is nginx's.
Result<std::string> read_staple(std::string_view bytes, const std::string& path);

/// Why nothing can be stapled for the certificates of `context`: one of nginx's warnings for each.
/// `responder`: of ssl_stapling_responder, or empty.
std::vector<std::string> unusable_staples(const Context& context, const std::string& responder);

}  // namespace bext::tls
