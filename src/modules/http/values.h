// Values of variables: how those of the core modules are written.
#pragma once

#include <optional>
#include <string_view>

#include "base/text.h"
#include "http/request.h"

namespace bext::http {

using Value = std::optional<std::string_view>;

inline Value number(Request& r, std::uint64_t value) {
    char text[20];
    return r.arena.copy({text, static_cast<std::size_t>(put_decimal(text, value) - text)});
}

/// Empty when there is none.
inline Value port(Request& r, std::uint64_t value) { return value ? number(r, value) : Value(""); }

}  // namespace bext::http
