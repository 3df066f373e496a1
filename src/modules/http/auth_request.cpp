// auth_request: lets a request in when a subrequest says so.
// https://nginx.org/en/docs/http/ngx_http_auth_request_module.html
#include "http/builder.h"
#include "http/subrequest.h"
#include "upstream/exchange.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

/// One auth_request_set: a variable and its value, which is taken from the subrequest.
struct Assignment {
    std::uint32_t variable;
    Expr value;
};

struct Conf {
    conf::Setting<std::string> uri;  // empty: off
    conf::Setting<std::vector<Assignment>> assignments;
};

/// The challenges of the subrequest's answer go to the client, also those that were not to be relayed.
void relay_challenges(Request& r, const Request& answered) {
    bool relayed = answered.out.headers.has(Name::kWwwAuthenticate) || !answered.upstream;
    for (auto& h : relayed ? answered.out.headers : answered.upstream->in.headers)
        if (h.known == Name::kWwwAuthenticate && !h.gone) {
            r.out.headers.add(h.name, r.arena.copy(h.value), h.known);
            if (!compatible::keeps_all_challenges(r.site->nginx)) return;
        }
}

Task<Verdict> ask(Request& r) {
    auto& conf = r.conf<Conf>();
    if (conf.uri->empty()) co_return Verdict::pass();
    auto* asked = Subrequest::create(r, *conf.uri, {}, Subrequest::Body::kNone);
    if (!asked) co_return Verdict::status(status::kInternal);
    asked->request.bodiless = true;
    co_await asked->ended();
    if (r.aborted) co_return Verdict::status(status::kClientClosed);
    for (auto& assignment : *conf.assignments)
        r.set_variable(assignment.variable, assignment.value.evaluate(asked->request));
    int code = asked->request.out.status;
    if (code == status::kUnauthorized) relay_challenges(r, asked->request);
    if (code == status::kUnauthorized || code == status::kForbidden) co_return Verdict::status(code);
    if (code >= 200 && code < 300) co_return Verdict::allow();
    r.log(Level::kError, r.arena.cat({"auth request unexpected status: ", std::to_string(code)}));
    co_return Verdict::status(status::kInternal);
}

Status set_uri(Cursor& at, Conf& conf) {
    if (conf.uri.is_set()) return conf::directive_is("is duplicate");
    conf.uri.set(at.arg(1) == "off" ? std::string() : at.arg(1));
    return conf::ok();
}

Status set_variable(Cursor& at, Conf& conf) {
    std::string_view name = at.arg(1);
    if (!name.starts_with('$')) return conf::refuse(cat({"invalid variable name \"", name, "\""}));
    name.remove_prefix(1);
    auto& builder = at.owner<Builder>();
    if (!builder.site->variables[builder.variable(name)].defined) {
        auto slot = builder.define(name, [](Request&) -> std::optional<std::string_view> { return std::nullopt; });
        if (!slot) return conf::refuse(slot.error().text);
    }
    auto value = Expr::compile(at.arg(2), builder);
    if (!value) return conf::refuse(value.error().text);
    conf.assignments.edit().push_back({builder.variable(name), std::move(*value)});
    return conf::ok();
}

constexpr conf::Directive kDirectives[] = {
    {"auth_request", conf::kHttp, conf::kOne, conf::call<set_uri, &Conf::uri>},
    {"auth_request_set", conf::kHttp, conf::kTwo, conf::call<set_variable, &Conf::assignments>},
};

}  // namespace

extern constinit const Module auth_request = {
    .name = "http_auth_request",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .access = ask,
};

}  // namespace bext::http
