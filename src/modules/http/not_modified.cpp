// not_modified: If-Modified-Since, If-Unmodified-Since, If-Match and If-None-Match of the client (RFC 9110, section 13).
#include "http/core_conf.h"
#include "http/dates.h"
#include "http/module.h"

namespace bext::http {
namespace {

/// Whether one of the tags in `list` is `etag`; `weak`: W/ makes no difference.
bool any_tag_is(std::string_view list, std::string_view etag, bool weak) {
    if (weak && etag.size() > 2 && etag.starts_with("W/")) etag.remove_prefix(2);
    while (!list.empty()) {
        if (weak && list.size() > 2 && list.starts_with("W/")) list.remove_prefix(2);
        if (list.size() < etag.size()) return false;
        if (list.starts_with(etag)) {
            auto rest = list.substr(etag.size());
            auto next = rest.find_first_not_of(" \t");
            if (next == std::string_view::npos || rest[next] == ',') return true;
        }
        auto comma = list.find(',');
        if (comma == std::string_view::npos) return false;
        auto next = list.find_first_not_of(" \t,", comma);
        if (next == std::string_view::npos) return false;
        list.remove_prefix(next);
    }
    return false;
}

bool tag_matches(Request& r, std::string_view list, bool weak) {
    if (list == "*") return true;
    auto* etag = r.out.headers.find(Name::kEtag);
    return etag && any_tag_is(list, etag->value, weak);
}

bool modified(Request& r, std::string_view since) {
    if (r.out.last_modified == -1) return true;
    auto mode = *r.conf<Core>().if_modified_since;
    if (mode == Core::Since::kOff) return true;
    auto time = parse_http_date(since).value_or(-1);
    if (time == r.out.last_modified) return false;
    return mode == Core::Since::kExact || time < r.out.last_modified;
}

bool unmodified(Request& r, std::string_view since) {
    return r.out.last_modified != -1 && parse_http_date(since).value_or(-1) >= r.out.last_modified;
}

std::optional<int> check_conditions(Request& r) {
    if (r.out.disable_not_modified) return std::nullopt;
    if (r.out.status != status::kOk || r.parent || r.filter_finalize) return std::nullopt;
    auto* unmodified_since = r.in.find(Name::kIfUnmodifiedSince);
    if (unmodified_since && !unmodified(r, unmodified_since->value)) return status::kPreconditionFailed;
    auto* match = r.in.find(Name::kIfMatch);
    if (match && !tag_matches(r, match->value, false)) return status::kPreconditionFailed;
    auto* since = r.in.find(Name::kIfModifiedSince);
    auto* none = r.in.find(Name::kIfNoneMatch);
    if (!since && !none) return std::nullopt;
    if (since && modified(r, since->value)) return std::nullopt;
    if (none && !tag_matches(r, none->value, true)) return std::nullopt;
    auto& out = r.out;
    out.status = status::kNotModified;
    out.status_line = {};
    out.set_type({});
    out.clear_content_length();
    out.clear_accept_ranges();
    out.headers.remove(Name::kContentEncoding);
    return std::nullopt;
}

}  // namespace

extern constinit const Module not_modified = {
    .name = "http_not_modified_filter",
    .header_filter = check_conditions,
    .always = true,
};

}  // namespace bext::http
