// Text: ASCII case, numbers, joining and hashing of byte strings. Nothing here knows a locale.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bext {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Equality that ignores ASCII case.
constexpr bool iequals(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}

constexpr bool istarts_with(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

/// Position of `needle` (ASCII case ignored) in `text`, npos when absent.
std::size_t ifind(std::string_view text, std::string_view needle);

std::string lower(std::string_view text);

/// All of `text` as an unsigned decimal number; nothing when empty, malformed or above `max`.
std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t max = INT64_MAX);

/// All of `text` as a hexadecimal number of at most 16 digits.
std::optional<std::uint64_t> parse_hex(std::string_view text);

/// Value of one hexadecimal digit, -1 when it is none.
constexpr int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Joins the pieces with one allocation.
std::string cat(std::initializer_list<std::string_view> pieces);

/// The first `most` of the texts, and how many more there are: "a, b, c and 2 more".
std::string some_of(const std::vector<std::string>& texts, std::size_t most = 3, std::string_view separator = ", ");

/// With a blank in place of every control character, so that it is a line, or a field of one.
std::string one_line(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);

std::string_view trim(std::string_view text, std::string_view blanks = " \t");

/// FNV-1a over the lower-cased bytes.
constexpr std::uint32_t ihash(std::string_view text) {
    std::uint32_t h = 2166136261u;
    for (char c : text) h = (h ^ static_cast<unsigned char>(to_lower(c))) * 16777619u;
    return h;
}

/// Writes `value` in decimal at `out` (20 bytes at most); returns the end.
char* put_decimal(char* out, std::uint64_t value);

/// Hash and equality for unordered maps keyed by std::string and looked up by string_view.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace bext
