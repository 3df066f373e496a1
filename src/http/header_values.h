// Header values as variables show them: several headers of one name joined, one cookie among many.
#pragma once

#include <optional>
#include <string_view>

#include "http/headers.h"

namespace bext {
class Arena;
}

namespace bext::http {

/// The values of every header whose name, lower-cased and with '_' for '-', is `name`, joined by `separator`.
std::optional<std::string_view> joined_values(const Headers& headers, std::string_view name, std::string_view separator,
                                              Arena& arena);

/// The same for a well-known header.
std::optional<std::string_view> joined_values(const Headers& headers, Name name, std::string_view separator, Arena& arena);

/// The first header of that name, where nginx before 1.23.0 joined nothing.
std::optional<std::string_view> first_value(const Headers& headers, std::string_view name);

/// The value of the cookie `name`, whose case does not matter (ngx_http_parse_cookie_lines). `commas`: a name may also stand behind
/// a comma.
std::optional<std::string_view> cookie_value(const Headers& headers, std::string_view name, bool commas = false);

}  // namespace bext::http
