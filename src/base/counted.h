// Counted: how many of what, for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bext {

/// "1 file", "2 files"; `many` where an s is not enough.
inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {}) {
    auto text = std::to_string(count) + " ";
    if (count != 1 && !many.empty()) return text.append(many);
    text.append(one);
    return count == 1 ? text : text + "s";
}

}  // namespace bext
