// The head of a request on a stream: pseudo-headers, fields, and what they must satisfy (ngx_http_v2.c; RFC 9113, section 8).
#include "http/connection.h"
#include "http/host.h"
#include "http/phases.h"
#include "http/progress.h"
#include "http/uri.h"
#include "http2/connection.h"

namespace bext::http2 {

using http::Name;
namespace status = http::status;

bool Stream::refuse(int code, std::string_view why) {
    if (!why.empty()) {
        request_.log_action = "reading client request headers";
        request_.log(Level::kInfo, why);
        request_.log_action = {};
    }
    refused_ = code;
    return false;
}

bool Stream::refuse(const http::Refusal& refusal) {
    dead_ |= refusal.unanswered;
    return refuse(refusal.status, refusal.why);
}

/// One field of the header block. What comes behind a refused one is not looked at.
void Stream::field(std::string_view name, std::string_view value) {
    auto& r = request_;
    if (refused_ || !valid(name, value)) return;
    name = r.arena.copy(name);
    value = r.arena.copy(value);
    if (name[0] == ':') {
        pseudo(name.substr(1), value);
        return;
    }
    if (!request_line()) return;
    bool odd = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != name.npos;
    if (odd && *intake_.wire().underscores) odd = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") != name.npos;
    if (odd && *intake_.wire().ignore_invalid_headers) {
        r.log(Level::kInfo, r.arena.cat({"client sent invalid header: \"", name, "\""}));
        return;
    }
    if (name == "cookie") {  // may come in crumbs (section 8.2.3)
        cookies_ = cookies_.data() ? r.arena.cat({cookies_, "; ", value}) : value;
        return;
    }
    if (name == "priority") priority_.read(value);
    if (auto refusal = intake_.field(name, value, false)) refuse(refusal);
}

bool Stream::valid(std::string_view name, std::string_view value) {
    auto& arena = request_.arena;
    for (char c : name.substr(name[0] == ':'))
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == ':' || (c >= 'A' && c <= 'Z'))
            return refuse(status::kBadRequest, arena.cat({"client sent invalid header name: \"", name, "\""}));
    if (value.find_first_of(std::string_view("\0\r\n", 3)) != value.npos)
        return refuse(status::kBadRequest, arena.cat({"client sent header \"", name, "\" with invalid value: \"", value, "\""}));
    return true;
}

bool Stream::pseudo(std::string_view name, std::string_view value) {
    if (has_line_) return refuse(status::kBadRequest, "client sent out of order pseudo-headers");
    if (name == "path") return path(value);
    if (name == "method") return method(value);
    if (name == "scheme") return scheme(value);
    if (name == "authority") return authority(value);
    return refuse(status::kBadRequest, request_.arena.cat({"client sent unknown pseudo-header \":", name, "\""}));
}

bool Stream::path(std::string_view value) {
    auto& r = request_;
    if (!r.target.empty()) return refuse(status::kBadRequest, "client sent duplicate :path header");
    if (value.empty()) return refuse(status::kBadRequest, "client sent empty :path header");
    http::NormalisedUri uri;
    if (!http::valid_target(value)) return refuse(status::kBadRequest, r.arena.cat({"client sent invalid :path header: \"", value, "\""}));
    r.target = value;
    if (!http::normalise(value, *intake_.wire().merge_slashes, r.arena, uri)) {
        r.uri = {"", 0};
        return refuse(status::kBadRequest, r.arena.cat({"client sent invalid :path header: \"", value, "\""}));
    }
    r.complex_uri = http::needs_normalising(value);
    r.uri = uri.path;
    if (!uri.args.empty()) r.args = uri.args;
    r.extension = uri.exten;
    r.plus_in_uri = uri.plus;
    r.quoted_uri = uri.quoted;
    return true;
}

bool Stream::method(std::string_view value) {
    auto& r = request_;
    if (!r.method_name.empty()) return refuse(status::kBadRequest, "client sent duplicate :method header");
    if (value.empty()) return refuse(status::kBadRequest, "client sent empty :method header");
    r.method_name = value;
    r.method = http::method_of(value);
    if (value.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == value.npos) return true;
    return refuse(status::kBadRequest, r.arena.cat({"client sent invalid method: \"", value, "\""}));
}

bool Stream::scheme(std::string_view value) {
    if (!scheme_.empty()) return refuse(status::kBadRequest, "client sent duplicate :scheme header");
    if (value.empty()) return refuse(status::kBadRequest, "client sent empty :scheme header");
    for (std::size_t i = 0; i < value.size(); ++i) {
        bool letter = static_cast<unsigned char>((value[i] | 0x20) - 'a') < 26;
        bool other = is_digit(value[i]) || value[i] == '+' || value[i] == '-' || value[i] == '.';
        if (!letter && (i == 0 || !other))
            return refuse(status::kBadRequest, request_.arena.cat({"client sent invalid :scheme header: \"", value, "\""}));
    }
    scheme_ = value;
    return true;
}

bool Stream::authority(std::string_view value) {
    if (has_authority_) return refuse(status::kBadRequest, "client sent duplicate \":authority\" header");
    has_authority_ = true;
    authority_ = value;
    http::Host host;
    if (value.empty() || !http::validate_host(value, request_.arena, host)) return refuse(status::kBadRequest, "client sent invalid \":authority\" header");
    auto refusal = intake_.host(value, true);
    return !refusal || refuse(refusal);
}

/// The pseudo-headers are over: there are those that must be (section 8.3.1).
bool Stream::request_line() {
    auto& r = request_;
    if (has_line_) return true;
    has_line_ = true;
    if (r.method_name.empty()) return refuse(status::kBadRequest, "client sent no :method header");
    if (scheme_.empty()) return refuse(status::kBadRequest, "client sent no :scheme header");
    if (r.target.empty()) return refuse(status::kBadRequest, "client sent no :path header");
    r.line = r.arena.cat({r.method_name, " ", r.target, " HTTP/2.0"});
    if (has_authority_) r.scheme_host = authority_;
    return true;
}

bool Stream::head_complete() {
    auto& r = request_;
    if (refused_) return false;
    auto& server = *static_cast<const http::Http2*>(r.server->root.records[conf::slot_of<http::Http2>]);
    if (!*server.enable && !r.connection.listen->options.http2)
        return refuse(status::kMisdirected, "client attempted to request the server name for which the negotiated protocol is disabled");
    if (!request_line()) return false;
    if (cookies_.data()) r.in.add("cookie", cookies_, Name::kCookie);
    if (!connection_fields() || !hosts_agree() || !body_length()) return false;
    if (auto refusal = intake_.complete()) return refuse(refusal);
    r.enter(r.server->root);
    if (!in_closed_) r.body.source = this;
    return true;
}

/// Fields that are about a connection have no place in HTTP/2 (section 8.2.2).
bool Stream::connection_fields() {
    auto& in = request_.in;
    if (in.has(Name::kConnection)) return refuse(status::kBadRequest, "client sent \"Connection\" header");
    if (in.has(Name::kKeepAlive)) return refuse(status::kBadRequest, "client sent \"Keep-Alive\" header");
    if (in.has(Name::kProxyConnection)) return refuse(status::kBadRequest, "client sent \"Proxy-Connection\" header");
    if (in.has(Name::kTransferEncoding)) return refuse(status::kBadRequest, "client sent \"Transfer-Encoding\" header");
    if (in.has(Name::kUpgrade)) return refuse(status::kBadRequest, "client sent \"Upgrade\" header");
    for (auto& field : in)
        if (field.known == Name::kTe && !iequals(field.value, "trailers")) return refuse(status::kBadRequest, "client sent invalid \"TE\" header");
    return true;
}

bool Stream::hosts_agree() {
    auto& r = request_;
    if (!r.host.data()) return refuse(status::kBadRequest, "client sent neither \":authority\" nor \"Host\" header");
    if (!has_authority_) return true;
    auto* host = r.in.find(Name::kHost);
    if (!host) r.in.add("host", authority_, Name::kHost);
    else if (host->value != authority_) return refuse(status::kBadRequest, "client sent \":authority\" and \"Host\" headers with different values");
    return true;
}

bool Stream::body_length() {
    auto& r = request_;
    auto* length = r.in.find(Name::kContentLength);
    auto value = length ? parse_decimal(length->value) : std::nullopt;
    if (!length) r.chunked_body = !in_closed_;
    else if (value && *value > 0 && in_closed_) return refuse(status::kBadRequest, "client prematurely closed stream");
    return true;
}

Task<> Stream::answer() {
    auto& thread = http::Thread::current();
    thread.figures.pulse().request(request_.host, request_.uri);
    if (refused_) co_await http::refuse(request_, refused_);
    else co_await http::serve(request_);
    http::count_response(request_);
}

/// The request, from its head to its end.
Task<> Stream::run() {
    auto& thread = http::Thread::current();
    thread.figures.add(Gauge::kWriting);
    try {
        if (!dead_) co_await answer();
    } catch (const std::bad_alloc&) {
        thread.note_shortage();
    }
    thread.figures.subtract(Gauge::kWriting);
    connection_.finished(*this);
}

}  // namespace bext::http2
