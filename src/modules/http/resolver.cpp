// resolver, resolver_timeout of the core module. https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver
#include "http/module.h"
#include "upstream/resolve.h"

namespace bext::http {
namespace {

using upstream::Naming;

conf::Status set_resolver(conf::Cursor& at, Naming& naming) {
    if (naming.resolver.is_set()) return conf::directive_is("is duplicate");
    auto settings = std::make_shared<net::ResolverSettings>();
    if (auto bad = upstream::read_resolver(at, *settings)) return bad;
    naming.resolver.set(std::move(settings));
    return conf::ok();
}

/// In an upstream block: for the `resolve` of its servers, which is refused by its name.
conf::Status upstream_resolver(conf::Cursor& at) {
    net::ResolverSettings settings;
    return upstream::read_resolver(at, settings);
}

constexpr conf::Directive kDirectives[] = {
    {"resolver", conf::kUpstream, conf::kOneOrMore, conf::run_once<upstream_resolver>},
    {"resolver_timeout", conf::kUpstream, conf::kOne, conf::checked<conf::Millis>},
    {"resolver", conf::kHttp, conf::kOneOrMore, conf::call<set_resolver, &Naming::resolver>},
    {"resolver_timeout", conf::kHttp, conf::kOne, conf::into<&Naming::timeout>},
};

}  // namespace

extern constinit const Module core_resolver = {
    .name = "http_core",
    .records = records_of<Naming>,
    .directives = kDirectives,
};

}  // namespace bext::http
