// Locations: how ngx_http_core_find_location picks one: exact, longest prefix, then regular expressions.
#include <algorithm>

#include "http/request.h"
#include "http/site.h"

namespace bext::http {

const Location* Locations::finish() {
    std::stable_sort(statics.begin(), statics.end(), [](auto& a, auto& b) { return a.name < b.name; });
    std::size_t kept = 0;
    for (auto& s : statics) {
        if (kept == 0 || statics[kept - 1].name != s.name) {
            statics[kept++] = s;
            continue;
        }
        auto& same = statics[kept - 1];
        if (same.exact && s.exact) return s.exact;
        if (same.prefix && s.prefix) return s.prefix;
        if (s.exact) same.exact = s.exact;
        else same.prefix = s.prefix;
    }
    statics.resize(kept);
    for (std::size_t i = 0; i < statics.size(); ++i) {
        auto shorter = static_cast<std::int32_t>(i) - 1;
        while (shorter >= 0 && !statics[i].name.starts_with(statics[static_cast<std::size_t>(shorter)].name))
            shorter = statics[static_cast<std::size_t>(shorter)].shorter;
        statics[i].shorter = shorter;
    }
    return nullptr;
}

namespace {

struct Found {
    Location* location = nullptr;
    bool final = false;  // exact: neither nested nor regex locations are looked at
    bool slash_missing = false;
};

Found find_static(const Locations& level, std::string_view uri) {
    auto& all = level.statics;
    auto after = std::upper_bound(all.begin(), all.end(), uri, [](std::string_view u, auto& s) { return u < s.name; });
    Found found;
    // A name that is the URI and a slash comes right after it, or after others that begin with the URI and a lower byte.
    for (auto i = after; i != all.end() && i->name.starts_with(uri); ++i) {
        if (i->name.size() != uri.size() + 1 || i->name.back() != '/') continue;
        if (i->prefix && i->prefix->auto_redirect) {
            found.location = i->prefix;
            found.slash_missing = true;
        }
        break;
    }
    auto at = static_cast<std::int32_t>(after - all.begin()) - 1;
    while (at >= 0) {
        auto& s = all[static_cast<std::size_t>(at)];
        if (uri.starts_with(s.name)) {
            if (s.exact && s.name.size() == uri.size()) return {s.exact, true, false};
            if (s.name.size() == uri.size() && s.prefix) return {s.prefix, false, false};
            if (found.slash_missing) return {found.location, true, true};
            if (s.prefix) return {s.prefix, false, false};
        }
        at = s.shorter;
    }
    if (found.slash_missing) return {found.location, true, true};
    return {};
}

Found find_in(const Locations& level, Request& request) {
    auto found = find_static(level, request.uri);
    if (found.final) return found;
    bool no_regex = false;
    if (found.location) {
        no_regex = found.location->kind == Location::Kind::kNoRegex;
        if (found.location->inner && !found.location->inner->empty()) {
            auto inner = find_in(*found.location->inner, request);
            if (inner.final) return inner;
            if (inner.location) found.location = inner.location;
        }
    }
    if (no_regex) return found;
    for (auto* regex : level.regexes) {
        if (!request.match(*regex->regex, request.uri)) continue;
        Found at{regex, true, false};
        if (regex->inner && !regex->inner->empty()) {
            auto inner = find_in(*regex->inner, request);
            if (inner.location) at = inner;
            at.final = true;
        }
        return at;
    }
    return found;
}

}  // namespace

Routed find_location(const Locations& level, Request& request) {
    auto found = find_in(level, request);
    return {found.location, found.slash_missing};
}

}  // namespace bext::http
