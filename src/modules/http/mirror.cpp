// mirror: sends a copy of each request to other locations, whose answers are dropped.
// https://nginx.org/en/docs/http/ngx_http_mirror_module.html
#include "http/module.h"
#include "http/subrequest.h"

namespace bext::http {
namespace {

struct Conf {
    conf::Setting<std::vector<std::string>> uris;  // set and empty: off
    conf::Setting<bool> request_body{true};
};

Task<Verdict> send_copies(Request& r) {
    auto& conf = r.conf<Conf>();
    if (r.parent || conf.uris->empty()) co_return Verdict::pass();
    if (*conf.request_body) {
        int bad = co_await read_body(r);
        if (bad) co_return Verdict::status(bad);
    }
    for (auto& uri : *conf.uris) {
        auto* copy = Subrequest::create(r, uri, r.args, Subrequest::Body::kBackground);
        if (!copy) co_return Verdict::status(status::kInternal);
        copy->request.method = r.method;
        copy->request.method_name = r.method_name;
        copy->start();
    }
    co_return Verdict::pass();
}

conf::Status add(conf::Cursor& at, Conf& conf) {
    bool off = at.arg(1) == "off";
    if (conf.uris.is_set() && (off || conf.uris->empty())) return conf::directive_is("is duplicate");
    auto& uris = conf.uris.edit();
    if (!off) uris.push_back(at.arg(1));
    return conf::ok();
}

constexpr conf::Directive kDirectives[] = {
    {"mirror", conf::kHttp, conf::kOne, conf::call<add, &Conf::uris>},
    {"mirror_request_body", conf::kHttp, conf::kFlag, conf::into<&Conf::request_body>},
};

}  // namespace

extern constinit const Module mirror = {
    .name = "http_mirror",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .precontent = send_copies,
};

}  // namespace bext::http
