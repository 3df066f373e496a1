#include "http/header_values.h"

#include "base/arena.h"

namespace bext::http {
namespace {

bool is_named(std::string_view header, std::string_view variable) {
    if (header.size() != variable.size()) return false;
    for (std::size_t i = 0; i < header.size(); ++i) {
        char c = header[i] == '-' ? '_' : to_lower(header[i]);
        if (c != variable[i]) return false;
    }
    return true;
}

}  // namespace

std::optional<std::string_view> joined_values(const Headers& headers, std::string_view name, std::string_view separator,
                                              Arena& arena) {
    std::optional<std::string_view> value;
    for (auto& h : headers) {
        if (h.gone || !is_named(h.name, name)) continue;
        value = value ? arena.cat({*value, separator, h.value}) : h.value;
    }
    return value;
}

std::optional<std::string_view> first_value(const Headers& headers, std::string_view name) {
    for (auto& h : headers)
        if (!h.gone && is_named(h.name, name)) return h.value;
    return std::nullopt;
}

std::optional<std::string_view> joined_values(const Headers& headers, Name name, std::string_view separator, Arena& arena) {
    if (!headers.has(name)) return std::nullopt;
    std::optional<std::string_view> value;
    for (auto& h : headers) {
        if (h.gone || h.known != name) continue;
        value = value ? arena.cat({*value, separator, h.value}) : h.value;
    }
    return value;
}

std::optional<std::string_view> cookie_value(const Headers& headers, std::string_view name, bool commas) {
    for (auto& h : headers) {
        if (h.gone || h.known != Name::kCookie) continue;
        auto rest = h.value;
        while (!rest.empty()) {
            auto one = rest.substr(0, rest.find(';'));
            auto end = std::min(rest.find_first_of(commas ? ";," : ";"), rest.size());
            rest = rest.substr(std::min(end + 1, rest.size()));
            while (rest.starts_with(' ')) rest.remove_prefix(1);
            if (!istarts_with(one, name)) continue;
            one = one.substr(name.size());
            while (one.starts_with(' ')) one.remove_prefix(1);
            if (!one.starts_with('=')) continue;
            one.remove_prefix(1);
            while (one.starts_with(' ')) one.remove_prefix(1);
            return one;
        }
    }
    return std::nullopt;
}

}  // namespace bext::http
