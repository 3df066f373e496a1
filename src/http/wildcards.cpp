#include "http/wildcards.h"

#include <algorithm>

namespace bext::http {

Wildcards::Added Wildcards::add(std::string_view key, std::uint32_t value, bool hostname) {
    auto low = lower(key);
    auto put = [&](Table& table, std::string text) {
        return table.emplace(std::move(text), value).second ? Added::kYes : Added::kConflict;
    };
    if (!hostname) return put(exact_, std::move(low));
    auto stars = std::count(low.begin(), low.end(), '*');
    if (stars > 1 || low.find("..") != low.npos || low.find('\0') != low.npos) return Added::kInvalid;
    if (low.size() > 1 && low[0] == '.') {
        if (stars) return Added::kInvalid;
        if (exact_.contains(low.substr(1))) return Added::kConflict;
        if (put(heads_, low) != Added::kYes) return Added::kConflict;
        return put(exact_, low.substr(1));
    }
    if (low.size() > 2 && low.starts_with("*.")) return put(heads_, low.substr(1));
    if (low.size() > 2 && low.ends_with(".*")) return put(tails_, low.substr(0, low.size() - 1));
    return stars ? Added::kInvalid : put(exact_, std::move(low));
}

std::optional<std::uint32_t> Wildcards::find(std::string_view name) const {
    char buffer[256];
    if (name.size() > sizeof buffer) return find_lower(lower(name));
    std::transform(name.begin(), name.end(), buffer, to_lower);
    return find_lower({buffer, name.size()});
}

std::optional<std::uint32_t> Wildcards::find_lower(std::string_view low) const {
    if (auto at = exact_.find(low); at != exact_.end()) return at->second;
    if (!heads_.empty())
        for (auto dot = low.find('.', 1); dot != low.npos; dot = low.find('.', dot + 1))
            if (auto at = heads_.find(low.substr(dot)); at != heads_.end()) return at->second;
    if (!tails_.empty() && !low.empty())
        for (auto dot = low.rfind('.', low.size() - 2); dot != low.npos && dot > 0; dot = low.rfind('.', dot - 1))
            if (auto at = tails_.find(low.substr(0, dot + 1)); at != tails_.end()) return at->second;
    return std::nullopt;
}

}  // namespace bext::http
