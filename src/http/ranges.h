// The Range header, with the rules of nginx's ngx_http_range_parse (RFC 9110, section 14.2).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace bext::http {

/// Bytes from `begin` up to, not including, `end` of a representation.
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    std::uint64_t size() const { return end - begin; }
    bool operator==(const ByteRange&) const = default;
};

/// What a Range header asks for.
enum class RangeVerdict : std::uint8_t {
    kWhole,          ///< answer 200 with everything: no such header, or more than max_ranges or the whole content
    kPartial,        ///< answer 206
    kUnsatisfiable,  ///< answer 416: malformed, or nothing of it exists
};

/// max_ranges when it is not configured: no limit, but the parts with their heads (taken for 256 bytes each) must not
/// outgrow the content by more than 4 KiB.
inline constexpr std::uint32_t kMaxRangesUnset = INT32_MAX;

/// Reads `header` ("bytes=0-99,200-") against a content of `length` bytes. `ranges` is filled for kPartial, in the
/// order asked for.
RangeVerdict parse_ranges(std::string_view header, std::uint64_t length, std::uint32_t max_ranges,
                          std::vector<ByteRange>& ranges);

}  // namespace bext::http
