// fastcgi: hands requests to FastCGI servers. https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html
#include "modules/http/fastcgi.h"
#include "upstream/body_stream.h"
#include "upstream/resolve.h"

namespace bext::http {
namespace fastcgi {

int Call::find_target(Request& r) {
    auto& pass = *conf_.pass;
    group = pass.group;
    if (group) return 0;
    if (pass.target.empty()) {  // an `if` without a handler of its own, in a location without one
        r.log(Level::kAlert, "no upstream configuration");
        return status::kInternal;
    }
    auto text = pass.target.evaluate(r);
    upstream::Url url;
    if (auto wrong = upstream::parse_url(text, 0, false, url)) {
        r.log(Level::kError, cat({*wrong, " in upstream \"", text, "\""}));
        return status::kInternal;
    }
    group = pass.groups->find(url);
    if (group) return 0;
    if (url.port == 0 && !url.unix_socket) {
        r.log(Level::kError, cat({"no port in upstream \"", url.host, "\""}));
        return status::kInternal;
    }
    unknown = url;
    return 0;
}

Task<Verdict> handle(Request& r) {
    auto& conf = r.conf<Fastcgi>();
    auto& call = *r.arena.make<Call>(conf);
    if (int failed = call.find_target(r)) co_return Verdict::status(failed);
    auto& main = r.main;
    bool stream = !*conf.request_buffering && *conf.pass_request_body && !r.parent && main.body.source;
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
    exchange.schema = "fastcgi://";
    co_return co_await exchange.run();
}

Split split(Request& r) {
    auto& regex = *r.conf<Fastcgi>().split;
    Captures found;
    int rc = regex ? regex->match(r.uri, r.arena, found) : 0;
    if (rc < 0) r.cannot_decide(*regex, rc, r.uri);
    if (rc <= 0 || found.count < 3) return {r.uri, {}};
    return {found[1], found[2]};
}

namespace {

using Value = std::optional<std::string_view>;

Value script_name(Request& r, std::string_view) {
    auto script = split(r).script;
    if (!script.ends_with('/')) return script;
    return r.arena.cat({script, *r.conf<Fastcgi>().index});
}
Value path_info(Request& r, std::string_view) { return split(r).info; }

constexpr Variable kVariables[] = {
    {"fastcgi_script_name", script_name, false},
    {"fastcgi_path_info", path_info, false},
};

}  // namespace
}  // namespace fastcgi

extern const Module http_fastcgi;
const Module http_fastcgi = {
    .name = "http_fastcgi",
    .records = records_of<fastcgi::Fastcgi>,
    .directives = fastcgi::directives(),
    .variables = fastcgi::kVariables,
};

}  // namespace bext::http
