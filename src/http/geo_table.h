// GeoTable: networks or address ranges with a text each (geo).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text.h"
#include "net/address.h"

namespace bext::http {

/// Networks; the longest prefix wins.
class GeoNetworks {
public:
    /// The text that stood there before, when there was one.
    std::optional<std::string> add(const net::Cidr& network, const std::string& text);
    bool remove(const net::Cidr& network);
    /// `address` null: that of a client without one, 255.255.255.255.
    std::string_view find(const net::Address* address) const;

private:
    using Networks = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;  // by the masked bytes
    using ByLength = std::map<int, Networks, std::greater<>>;
    ByLength v4_, v6_;
};

/// Ranges of IPv4 addresses. As in nginx, a range within another one splits it, others must not overlap; each is kept
/// in parts of one /16.
class GeoRanges {
public:
    struct Conflict {
        bool duplicate;     // the same range again: its text was `text`; else it overlaps `text`
        std::string text;
    };
    std::optional<Conflict> add(std::uint32_t first, std::uint32_t last, const std::string& text);
    bool remove(std::uint32_t first, std::uint32_t last);
    const std::string* find(std::uint32_t address) const;

private:
    struct Range {
        std::uint32_t first, last;
        std::string text;
    };
    std::optional<Conflict> add_part(std::uint32_t first, std::uint32_t last, const std::string& text);
    std::unordered_map<std::uint32_t, std::vector<Range>> parts_;  // by the upper 16 bits, each sorted
};

}  // namespace bext::http
