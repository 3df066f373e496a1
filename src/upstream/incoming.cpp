#include "upstream/incoming.h"

#include "http/dates.h"
#include "http/site.h"
#include "upstream/exchange.h"

namespace bext::upstream {

using http::Header;
using http::Name;

void Incoming::clear() {
    headers.clear();
    trailers.clear();
    status = 0;
    status_line = {};
    content_length = last_modified = -1;
    connection_close = chunked = false;
}

namespace {

std::string both(std::string_view name, std::string_view value, const Header& earlier) {
    return cat({"upstream sent duplicate header line: \"", name, ": ", value, "\", previous value: \"", earlier.name, ": ",
                earlier.value, "\""});
}

/// Headers of which only the first counts.
bool single(Name name) {
    switch (name) {
        case Name::kStatus: case Name::kContentType: case Name::kDate: case Name::kLastModified: case Name::kEtag:
        case Name::kServer: case Name::kLocation: case Name::kRefresh: case Name::kExpires: case Name::kXAccelExpires:
        case Name::kXAccelRedirect: case Name::kXAccelLimitRate: return true;
        default: return false;
    }
}

void note(Exchange& x, Incoming& in, Name name, std::string_view value) {
    auto ignored = *x.conf.ignore_headers;
    switch (name) {
        case Name::kLastModified: in.last_modified = http::parse_http_date(value).value_or(-1); break;
        case Name::kConnection:
            if (ifind(value, "close") != std::string_view::npos) in.connection_close = true;
            break;
        case Name::kXAccelLimitRate:
            if (ignored & kIgnoreLimitRate) break;
            if (auto rate = parse_decimal(value)) {
                x.request.limit_rate = *rate;
                x.request.limit_rate_set = true;
            }
            break;
        case Name::kXAccelBuffering:
            if (ignored & kIgnoreBuffering) break;
            if (iequals(value, "no")) x.buffering = false;
            if (iequals(value, "yes")) x.buffering = true;
            break;
        default: break;
    }
}

}  // namespace

bool Incoming::take_length(Exchange& x, std::string_view name, std::string_view value) {
    if (auto* earlier = headers.find(Name::kContentLength)) return x.log(Level::kError, both(name, value, *earlier)), false;
    if (headers.has(Name::kTransferEncoding)) {
        x.log(Level::kError, "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time");
        return false;
    }
    auto number = parse_decimal(value);
    if (!number) {
        x.log(Level::kError, cat({"upstream sent invalid \"Content-Length\" header: \"", name, ": ", value, "\""}));
        return false;
    }
    content_length = static_cast<std::int64_t>(*number);
    return true;
}

bool Incoming::take_encoding(Exchange& x, std::string_view name, std::string_view value) {
    if (auto* earlier = headers.find(Name::kTransferEncoding)) return x.log(Level::kError, both(name, value, *earlier)), false;
    if (headers.has(Name::kContentLength)) {
        x.log(Level::kError, "upstream sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time");
        return false;
    }
    chunked = iequals(value, "chunked");
    if (!chunked) x.log(Level::kError, cat({"upstream sent unknown \"Transfer-Encoding\": \"", value, "\""}));
    return chunked;
}

/// As nginx did before it refused what is doubtful: the last length counts, and chunks win over it.
void Incoming::take_framing(Name known, std::string_view value) {
    if (known == Name::kContentLength) content_length = static_cast<std::int64_t>(parse_decimal(value).value_or(UINT64_MAX));
    if (known == Name::kTransferEncoding && ifind(value, "chunked") != std::string_view::npos) chunked = true;
}

bool Incoming::take(Exchange& x, std::string_view name, std::string_view value) {
    auto known = http::known_name(name);
    bool strict = compatible::refuses_doubtful_framing(x.request.site->nginx);
    if (!strict) take_framing(known, value);
    if (strict && known == Name::kContentLength && !take_length(x, name, value)) return false;
    if (strict && known == Name::kTransferEncoding && !take_encoding(x, name, value)) return false;
    if (strict && single(known)) {
        if (auto* earlier = headers.find(known)) {
            x.log(Level::kWarn, both(name, value, *earlier) + ", ignored");
            return true;
        }
    }
    headers.add(name, value, known);
    note(x, *this, known, value);
    return true;
}

namespace {

/// Splits "text/html; charset=utf-8" into type and charset (ngx_http_upstream_copy_content_type).
void relay_type(http::Response& out, std::string_view value) {
    out.set_type(value);
    for (auto at = value.find(';'); at != std::string_view::npos; at = value.find(';', at + 1)) {
        auto from = value.find_first_not_of(' ', at + 1);
        if (from == std::string_view::npos) return;
        if (!istarts_with(value.substr(from), "charset=")) continue;
        auto charset = value.substr(from + 8);
        if (charset.starts_with('"')) charset.remove_prefix(1);
        if (charset.ends_with('"')) charset.remove_suffix(1);
        out.content_type = value.substr(0, at);
        out.type_rest = value.substr(at);
        out.charset = charset;
        return;
    }
}

void relay_location(Exchange& x, const Header& h) {
    auto value = h.value;
    bool rewritten = x.protocol.rewrite_location(x.request, value, 0);
    // A relative one is not made absolute, unless we wrote it.
    bool ours = rewritten || (!x.protocol.rewrites_locations() && !value.starts_with('/'));
    x.request.out.headers.add(h.name, value, ours ? Name::kLocation : Name::kOther);
}

void relay_refresh(Exchange& x, const Header& h) {
    auto value = h.value;
    auto at = ifind(value, "url=");
    if (at != std::string_view::npos) x.protocol.rewrite_location(x.request, value, at + 4);
    x.request.out.headers.add(h.name, value, Name::kRefresh);
}

/// Relays one header as its kind demands (the copy handlers of ngx_http_upstream_headers_in).
void relay(Exchange& x, const Header& h) {
    auto& out = x.request.out;
    switch (h.known) {
        case Name::kContentLength: case Name::kConnection: case Name::kKeepAlive: case Name::kTransferEncoding: return;
        case Name::kContentType: return relay_type(out, h.value);
        case Name::kLocation: return relay_location(x, h);
        case Name::kRefresh: return relay_refresh(x, h);
        case Name::kSetCookie: {
            auto value = h.value;
            x.protocol.rewrite_cookie(x.request, value);
            out.headers.add(h.name, value, h.known);
            return;
        }
        case Name::kLastModified:
            out.last_modified = x.in.last_modified;
            out.headers.add(h.name, h.value, h.known);
            return;
        case Name::kAcceptRanges:
            if (*x.conf.force_ranges) return;
            break;
        default: break;
    }
    out.headers.add(h.name, h.value, h.known);
}

bool survives_redirect(Name name) {
    switch (name) {
        case Name::kContentType: case Name::kSetCookie: case Name::kContentDisposition: case Name::kCacheControl:
        case Name::kExpires: case Name::kAcceptRanges: return true;
        default: return false;
    }
}

}  // namespace

void relay_headers(Exchange& x) {
    auto& out = x.request.out;
    for (auto& h : x.in.headers)
        if (!x.conf.hidden.contains(h.name)) relay(x, h);
    out.status = x.in.status;
    out.status_line = x.in.status_line;
    out.content_length = x.in.content_length;
    out.disable_not_modified = true;
    if (*x.conf.force_ranges) out.allow_ranges = out.single_range = true;
}

void relay_trailers(Exchange& x) {
    auto& out = x.request.out;
    if (!*x.conf.pass_trailers) return;
    for (auto& h : x.in.trailers) {
        if (x.conf.hidden.contains(h.name)) continue;
        if (!out.trailers) out.trailers = x.request.arena.make<http::Headers>(x.request.arena);
        out.trailers->add(h.name, h.value, h.known);
    }
}

void relay_redirect_headers(Exchange& x) {
    for (auto& h : x.in.headers)
        if (survives_redirect(h.known)) relay(x, h);
}

}  // namespace bext::upstream
