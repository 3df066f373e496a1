// NameSet: a few header names, looked up without regard to case for every header of a message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "conf/hash_limits.h"

namespace bext::upstream {

class NameSet {
public:
    void add(std::string_view name) {
        if (contains(name)) return;
        mask_ |= bit(name);
        names_.emplace_back(name);
    }
    bool contains(std::string_view name) const {
        if (!(mask_ & bit(name))) return false;
        for (auto& known : names_)
            if (iequals(known, name)) return true;
        return false;
    }
    void clear() { names_.clear(), mask_ = 0; }
    /// Whether nginx's hash could hold the names; warns as it does when that is not optimal.
    conf::Status check(const conf::HashLimits& limits, const conf::Cursor& at) const;

private:
    /// By length, first and last letter: most names that are not in the set differ in it.
    static std::uint64_t bit(std::string_view name) {
        if (name.empty()) return 1;
        auto first = static_cast<unsigned char>(to_lower(name.front())), last = static_cast<unsigned char>(to_lower(name.back()));
        return std::uint64_t{1} << ((name.size() * 5 + first * 3 + last) & 63);
    }
    std::vector<std::string> names_;
    std::uint64_t mask_ = 0;
};

}  // namespace bext::upstream
