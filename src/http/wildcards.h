// Wildcards: strings and host name wildcards to numbers, with the precedence of nginx's combined hashes: exact, longest
// "*.name", longest "name.*". Case does not matter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text.h"

namespace bext::http {

class Wildcards {
public:
    enum class Added : std::uint8_t { kYes, kInvalid, kConflict };

    /// `hostname`: "*.example.com", ".example.com" and "example.*" are wildcards, else every byte stands for itself.
    Added add(std::string_view key, std::uint32_t value, bool hostname);
    std::optional<std::uint32_t> find(std::string_view name) const;
    bool empty() const { return exact_.empty() && heads_.empty() && tails_.empty(); }

private:
    using Table = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;
    std::optional<std::uint32_t> find_lower(std::string_view low) const;
    Table exact_;
    Table heads_;  // ".example.com"
    Table tails_;  // "example."
};

}  // namespace bext::http
