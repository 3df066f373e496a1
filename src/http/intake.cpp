#include "http/intake.h"

#include "http/host.h"

namespace bext::http {
namespace {

/// Fields that may occur once (ngx_http_process_unique_header_line).
bool unique(Name name) {
    switch (name) {
        case Name::kHost: case Name::kIfModifiedSince: case Name::kIfUnmodifiedSince: case Name::kIfMatch:
        case Name::kIfNoneMatch: case Name::kContentLength: case Name::kContentRange: case Name::kIfRange:
        case Name::kTransferEncoding: case Name::kExpect: case Name::kAuthorization: case Name::kProxyAuthorization:
            return true;
        default: return false;
    }
}

/// Which browsers need to be treated with care (ngx_http_process_user_agent).
void note_user_agent(Request& r, std::string_view value) {
    auto msie = value.find("MSIE ");
    if (msie != std::string_view::npos && msie + 7 < value.size()) {
        r.msie = true;
        if (value[msie + 6] == '.') {
            char major = value[msie + 5];
            r.msie6 = major == '4' || major == '5' || (major == '6' && value.find("SV1", msie + 8) == std::string_view::npos);
        }
    }
    if (value.find("Opera") != std::string_view::npos) r.msie = r.msie6 = false;
    if (r.msie || r.msie6) return;
    if (value.find("Gecko/") != std::string_view::npos) return;
    r.chrome = value.find("Chrome/") != std::string_view::npos;
    r.safari = !r.chrome && value.find("Safari/") != std::string_view::npos && value.find("Mac OS X") != std::string_view::npos;
}

Refusal bad(std::string_view why) { return {status::kBadRequest, why}; }

/// What frames the body (ngx_http_process_request_header).
Refusal body_framing(Request& r) {
    auto* length = r.in.find(Name::kContentLength);
    if (length) {
        auto value = parse_decimal(length->value);
        if (!value) return bad("client sent invalid \"Content-Length\" header");
        r.content_length = static_cast<std::int64_t>(*value);
    }
    auto* coding = r.in.find(Name::kTransferEncoding);
    if (!coding) return {};
    if (r.http_version < 1001) return bad("client sent HTTP/1.0 request with \"Transfer-Encoding\" header");
    if (!iequals(coding->value, "chunked"))
        return {status::kNotImplemented, r.arena.cat({"client sent unknown \"Transfer-Encoding\": \"", coding->value, "\""})};
    if (length) return bad("client sent \"Content-Length\" and \"Transfer-Encoding\" headers at the same time");
    r.chunked_body = true;
    return {};
}

}  // namespace

void Intake::begin(Request& request, const Listen& listen, const Server& server) {
    request_ = &request;
    listen_ = &listen;
    count_ = 0;
    use(server);
}

void Intake::use(const Server& server) {
    request_->server = &server;
    request_->enter(server.root);
    wire_ = static_cast<const Wire*>(server.root.records[conf::slot_of<Wire>]);
}

Refusal Intake::host(std::string_view text, bool from_line) {
    auto& r = *request_;
    Host host;
    if (text.empty() || !validate_host(text, r.arena, host))
        return bad(from_line ? "client sent invalid host in request line" : "client sent invalid host header");
    r.host = host.name;
    r.host_port = host.port_text;
    auto found = listen_->hosts.find(r.host);
    if (found.failure) {
        r.log(Level::kAlert, found.regex->failure(found.failure, r.host));
        return {status::kInternal, {}, true};
    }
    if (found.server != r.server) use(*found.server);
    if (found.regex) r.match(*found.regex, r.host);
    return {};
}

Refusal Intake::field(std::string_view name, std::string_view value, bool invalid) {
    auto& r = *request_;
    if (invalid && *wire_->ignore_invalid_headers) {
        auto action = std::exchange(r.log_action, "reading client request headers");
        r.log(Level::kInfo, r.arena.cat({"client sent invalid header line: \"", name, ": ", value, "\""}));
        r.log_action = action;
        return {};
    }
    if (count_++ >= *wire_->max_headers) {
        r.lingering = true;
        return {status::kHeaderTooLarge, "client sent too many header lines"};
    }
    auto known = known_name(name);
    auto* earlier = unique(known) ? r.in.find(known) : nullptr;
    if (earlier)
        return bad(r.arena.cat({"client sent duplicate ", known == Name::kHost ? "host header" : "header line", ": \"", name, ": ", value,
                                "\", previous value: \"", earlier->name, ": ", earlier->value, "\""}));
    r.in.add(name, value, known);
    return known_field(known, value);
}

Refusal Intake::known_field(Name name, std::string_view value) {
    auto& r = *request_;
    if (name == Name::kUserAgent) note_user_agent(r, value);
    if (name != Name::kHost) return {};
    if (!r.scheme_host.data()) return host(value, false);
    Host ignored;
    if (validate_host(value, r.arena, ignored)) return {};
    return bad("client sent invalid host header");
}

Refusal Intake::complete() {
    auto& r = *request_;
    if (!r.host.data()) use(*listen_->hosts.find({}).server);
    if (!r.in.has(Name::kHost) && r.http_version > 1000) return bad("client sent HTTP/1.1 request without \"Host\" header");
    if (auto refusal = body_framing(r)) return refusal;
    if (r.method == Method::kConnect) return {status::kNotAllowed, "client sent CONNECT method"};
    if (r.method == Method::kTrace) return {status::kNotAllowed, "client sent TRACE method"};
    r.lingering = r.content_length > 0 || r.chunked_body;
    return {};
}

}  // namespace bext::http
