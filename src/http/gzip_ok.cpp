#include "http/gzip_ok.h"

#include "conf/hash_limits.h"

#include <algorithm>

#include "http/dates.h"
#include "http/request.h"
#include "http/thread.h"

namespace bext::http {
namespace {

/// "q=" of an Accept-Encoding item: false for 0 and for what is malformed (ngx_http_gzip_quantity).
bool positive_quality(std::string_view text) {
    if (text.empty() || (text[0] != '0' && text[0] != '1')) return false;
    int quality = (text[0] - '0') * 100;
    if (text.size() == 1 || text[1] == ',' || text[1] == ' ') return quality > 0;
    if (text[1] != '.') return false;
    int digits = 0;
    for (char c : text.substr(2)) {
        if (c == ',' || c == ' ') break;
        if (!is_digit(c)) return false;
        quality += c - '0';
        ++digits;
    }
    return quality > 0 && quality <= 100 && digits <= 3;
}

bool accepts_gzip(std::string_view accept) {
    for (;;) {
        auto at = ifind(accept, "gzip");
        if (at == std::string_view::npos) return false;
        bool begins = at == 0 || accept[at - 1] == ',' || accept[at - 1] == ' ';
        accept.remove_prefix(at + 4);
        if (begins) break;
    }
    auto next = accept.find_first_not_of(' ');
    if (next == std::string_view::npos || accept[next] == ',') return true;
    if (accept[next] != ';') return false;
    next = accept.find_first_not_of(' ', next + 1);
    if (next == std::string_view::npos) return true;
    if (to_lower(accept[next]) != 'q') return false;
    accept.remove_prefix(next + 1);
    return accept.size() >= 2 && accept[0] == '=' && positive_quality(accept.substr(1));
}

/// Whether one of the Cache-Control fields has the directive (ngx_http_parse_multi_header_lines).
bool cache_control(const Headers& headers, std::string_view directive) {
    for (auto& header : headers) {
        if (header.gone || header.known != Name::kCacheControl) continue;
        for (auto item : split(header.value, ',')) {
            item = trim(item, " ");
            if (iequals(item, directive)) return true;
        }
    }
    return false;
}

/// gzip_proxied: whether an answer to a request that came through a proxy may be compressed.
bool proxied_ok(Request& r, std::uint32_t allowed) {
    using G = GzipClient;
    if (allowed & G::kOff) return false;
    if (allowed & G::kAny) return true;
    if (allowed & G::kAuth && r.in.has(Name::kAuthorization)) return true;
    auto& headers = r.out.headers;
    if (auto* expires = headers.find(Name::kExpires)) {
        if (!(allowed & G::kExpired)) return false;
        auto time = parse_http_date(expires->value);
        std::optional<std::int64_t> date = Thread::current().loop.unix_seconds();
        if (auto* own = headers.find(Name::kDate)) date = parse_http_date(own->value);
        return time && date && *time < *date;
    }
    if (headers.has(Name::kCacheControl))
        return (allowed & G::kNoCache && cache_control(headers, "no-cache")) ||
               (allowed & G::kNoStore && cache_control(headers, "no-store")) ||
               (allowed & G::kPrivate && cache_control(headers, "private"));
    // Only a field counts: the time of a file becomes one later.
    if (allowed & G::kNoLastModified && headers.has(Name::kLastModified)) return false;
    return !(allowed & G::kNoEtag && headers.has(Name::kEtag));
}

bool test(Request& r) {
    if (r.parent) return false;
    auto* accept = r.in.find(Name::kAcceptEncoding);
    if (!accept || (!accept->value.starts_with("gzip,") && !accepts_gzip(accept->value))) return false;
    auto& conf = r.conf<GzipClient>();
    if (r.msie6 && *conf.disabled_msie6) return false;
    if (r.http_version < *conf.http_version) return false;
    if (r.in.has(Name::kVia) && !proxied_ok(r, *conf.proxied)) return false;
    auto* agent = r.in.find(Name::kUserAgent);
    return !agent || std::none_of(conf.disabled->begin(), conf.disabled->end(), [&](auto& regex) { return r.test(*regex, agent->value) || r.undecided(); });
}

}  // namespace

bool gzip_ok(Request& r) {
    if (!r.gzip_checked) {
        r.gzip_checked = true;
        r.gzip_ok = test(r);
    }
    return r.gzip_ok;
}

MediaTypes::MediaTypes(std::vector<std::string> defaults) : types_(defaults.begin(), defaults.end()) {}

conf::Status MediaTypes::read(conf::Cursor& at, conf::Setting<MediaTypes>& setting) {
    if (!setting.is_set()) setting.set(MediaTypes());
    auto& types = setting.edit();
    for (std::size_t i = 1; i < at.count() && !types.all_; ++i) {
        if (at.arg(i) == "*") types.all_ = true;
        else if (!types.types_.insert(lower(at.arg(i))).second) at.warn(cat({"duplicate MIME type \"", lower(at.arg(i)), "\""}));
    }
    return conf::ok();
}

conf::Status MediaTypes::check(const conf::Cursor& at) const {
    if (all_) return conf::ok();
    return conf::check_hash({"test_types_hash", 2048, 64}, {types_.begin(), types_.end()},
                            [&](std::string text) { at.warn_plain(std::move(text)); });
}

bool MediaTypes::contains(std::string_view type) const {
    if (all_) return true;
    if (type.empty()) return false;
    char low[128];
    if (type.size() > sizeof low) return false;
    std::transform(type.begin(), type.end(), low, to_lower);
    return types_.contains(std::string_view(low, type.size()));
}

}  // namespace bext::http
