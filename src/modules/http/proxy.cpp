// proxy: hands requests to HTTP servers. https://nginx.org/en/docs/http/ngx_http_proxy_module.html
#include "http/connection.h"
#include "modules/http/proxy.h"
#include "upstream/body_stream.h"
#include "upstream/resolve.h"

namespace bext::http {
namespace proxy {

int Call::find_target(Request& r) {
    auto& pass = *conf_.pass;
    if (!pass.target.empty()) return evaluate_target(r);
    if (!pass.group) {  // an `if` without a handler of its own, in a location without one
        r.log(Level::kAlert, "no upstream configuration");
        return status::kInternal;
    }
    group = pass.group;
    schema = pass.schema;
    host_header = pass.host_header;
    port = pass.port;
    uri = pass.uri;
    host = group->name;
    tls = pass.tls;
    return 0;
}

/// proxy_pass with variables (ngx_http_proxy_eval).
int Call::evaluate_target(Request& r) {
    auto text = conf_.pass->target.evaluate(r);
    tls = istarts_with(text, "https://");
    if (!tls && !istarts_with(text, "http://")) {
        r.log(Level::kError, cat({"invalid URL prefix in \"", text, "\""}));
        return status::kInternal;
    }
    schema = text.substr(0, tls ? 8 : 7);
    std::uint16_t default_port = tls ? 443 : 80;
    upstream::Url url;
    auto rest = text.substr(schema.size());
    if (auto wrong = upstream::parse_url(rest, default_port, true, url)) {
        r.log(Level::kError, cat({*wrong, " in upstream \"", rest, "\""}));
        return status::kInternal;
    }
    uri = url.uri.starts_with('?') ? r.arena.cat({"/", url.uri}) : url.uri;
    host_header = url.host_header(default_port);
    port = url.no_port || url.port == default_port ? (tls ? "443" : "80") : url.port_text;
    if (url.unix_socket) port = {};
    host = url.host;
    group = conf_.pass->groups->find(url);
    if (!group) unknown = url;
    return 0;
}

Task<Verdict> handle(Request& r) {
    auto& conf = r.conf<Proxy>();
    auto& call = *r.arena.make<Call>(conf);
    r.context<Call>() = &call;
    if (int failed = call.find_target(r)) co_return Verdict::status(failed);
    auto& main = r.main;
    bool stream = !*conf.request_buffering && conf.body->empty() && *conf.pass_request_body && !r.parent && main.body.source &&
                  (!main.chunked_body || *conf.http_version >= 1001);
    if (stream) {
        int bad = co_await upstream::BodyStream::take_beginning(r);
        if (bad) co_return Verdict::status(bad);
    } else if (!r.parent && main.body.source) {
        int bad = co_await read_body(r);
        if (bad) co_return Verdict::status(bad);
    }
    if (!call.group) {
        int bad = co_await upstream::resolve(r, call.unknown, call.group);
        if (bad) co_return Verdict::status(bad);
    }
    auto& exchange = *r.arena.make<upstream::Exchange>(r, conf, call, call.group);
    exchange.schema = call.schema;
    if (call.tls) {
        exchange.tls = &conf;
        exchange.tls_name = call.host;
    }
    co_return co_await exchange.run();
}

namespace {

using Value = std::optional<std::string_view>;

Value host_variable(Request& r, std::string_view) {
    auto* call = r.context<Call>();
    return call ? Value(call->host_header) : std::nullopt;
}
Value port_variable(Request& r, std::string_view) {
    auto* call = r.context<Call>();
    return call ? Value(call->port) : std::nullopt;
}
Value length_variable(Request& r, std::string_view) {
    auto* call = r.context<Call>();
    if (!call || call->body_length < 0) return std::nullopt;
    return r.arena.copy(std::to_string(call->body_length));
}
Value chunked_variable(Request& r, std::string_view) {
    auto* call = r.context<Call>();
    return call && call->chunked ? Value("chunked") : std::nullopt;
}
Value forwarded_for(Request& r, std::string_view) {
    std::string_view out;
    for (auto& h : r.main.in)
        if (h.known == Name::kXForwardedFor && !h.gone) out = r.arena.cat({out, h.value, ", "});
    auto client = r.client().text();
    return out.empty() ? client : r.arena.cat({out, client});
}

constexpr Variable kVariables[] = {
    {"proxy_host", host_variable, false, nullptr, true},
    {"proxy_port", port_variable, false, nullptr, true},
    {"proxy_add_x_forwarded_for", forwarded_for},
    {"proxy_internal_body_length", length_variable, false},
    {"proxy_internal_chunked", chunked_variable, false},
};

}  // namespace
}  // namespace proxy

extern const Module http_proxy, http_proxy_ssl;
const Module http_proxy = {
    .name = "http_proxy",
    .records = records_of<proxy::Proxy>,
    .directives = proxy::directives(),
    .variables = proxy::kVariables,
};
const Module http_proxy_ssl = {.name = "http_proxy", .directives = proxy::tls_directives()};

}  // namespace bext::http
