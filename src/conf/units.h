// Units: numbers with nginx's suffixes (ngx_parse_size, ngx_parse_offset, ngx_parse_time).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bext::conf {

using Millis = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// A size in memory: K and M.
struct Bytes {
    std::uint64_t value = 0;
};
/// A size of a file or body: K, M and G.
struct FileSize {
    std::int64_t value = 0;
};

std::optional<std::uint64_t> parse_size(std::string_view text);
std::optional<std::int64_t> parse_file_size(std::string_view text);
/// "1h30m", "500ms", "1 d"; a bare number is seconds.
std::optional<Millis> parse_millis(std::string_view text);
/// The same in whole seconds, where "ms" is not allowed.
std::optional<Seconds> parse_seconds(std::string_view text);

}  // namespace bext::conf
