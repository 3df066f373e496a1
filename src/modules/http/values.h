// Values of variables: how those of the core modules are written.
#pragma once

#include <optional>
#include <string_view>

#include "base/text.h"
#include "http/header_values.h"
#include "http/request.h"
#include "http/site.h"

namespace bext::http {

using Value = std::optional<std::string_view>;

inline Value number(Request& r, std::uint64_t value) {
    char text[20];
    return r.arena.copy({text, static_cast<std::size_t>(put_decimal(text, value) - text)});
}

/// The headers of that name as `$http_`, `$sent_http_` … show them; `always`: nginx has joined them before it joined all.
inline Value header_values(Request& r, const Headers& headers, std::string_view name, bool always = false) {
    bool joined = always || compatible::joins_headers(r.site->nginx);
    return joined ? joined_values(headers, name, ", ", r.arena) : first_value(headers, name);
}

/// Empty when there is none.
inline Value port(Request& r, std::uint64_t value) { return value ? number(r, value) : Value(""); }

}  // namespace bext::http
