// proxy: directives and what follows from them once the file is read.
#include "http/builder.h"
#include "http/core_conf.h"
#include "modules/http/proxy.h"

namespace bext::http::proxy {

using conf::Cursor;
using conf::Status;

namespace {

/// Places where a URI in proxy_pass would replace nothing.
bool without_name(const Location& location) {
    switch (location.kind) {
        case Location::Kind::kNamed: case Location::Kind::kRegex: case Location::Kind::kIf:
        case Location::Kind::kLimitExcept: return true;
        default: return false;
    }
}

Status pass_to(Cursor& at, Pass& pass, const Location& location) {
    auto& text = at.arg(1);
    bool tls = istarts_with(text, "https://");
    if (!tls && !istarts_with(text, "http://")) return conf::refuse("invalid URL prefix");
    std::string_view prefix = std::string_view(text).substr(0, tls ? 8 : 7), rest = std::string_view(text).substr(prefix.size());
    std::uint16_t default_port = tls ? 443 : 80;
    upstream::Url url;
    if (auto wrong = upstream::parse_url(rest, default_port, true, url))
        return conf::refuse(cat({*wrong, " in upstream \"", rest, "\""}));
    if (auto bad = upstream::Groups::of(at.owner<Builder>())->use(at, url, pass.group)) return bad;
    pass.url = text;
    pass.tls = tls;
    pass.schema = prefix;
    pass.host_header = url.host_header(default_port);
    if (!url.unix_socket) pass.port = url.no_port || url.port == default_port ? (tls ? "443" : "80") : std::string(url.port_text);
    pass.uri = url.uri;
    if (without_name(location)) {
        if (!pass.uri.empty())
            return conf::refuse("\"proxy_pass\" cannot have URI part in location given by regular expression, or inside named "
                                "location, or inside \"if\" statement, or inside \"limit_except\" block");
    } else {
        pass.location = location.name;
    }
    return conf::ok();
}

Status set_pass(Cursor& at, Proxy& proxy) {
    if (proxy.pass.is_set()) return conf::directive_is("is duplicate");
    auto& builder = at.owner<Builder>();
    auto& location = *builder.location;
    Pass pass;
    if (at.arg(1).find('$') != std::string::npos) {
        auto target = Expr::compile(at.arg(1), builder);
        if (!target) return conf::refuse(target.error().text);
        pass.target = std::move(*target);
        pass.groups = upstream::Groups::of(builder);
        pass.tls = true;
    } else if (auto bad = pass_to(at, pass, location)) {
        return bad;
    }
    bool named = location.kind == Location::Kind::kExact || location.kind == Location::Kind::kPrefix || location.kind == Location::Kind::kNoRegex;
    if (named && location.name.ends_with('/')) location.auto_redirect = true;
    builder.set_content(Hook(handle));
    proxy.pass.set(std::move(pass));
    return conf::ok();
}

Status set_header(Cursor& at, Proxy& proxy) {
    if (!proxy.set_headers.is_set()) proxy.set_headers.set(std::make_shared<std::vector<std::pair<std::string, std::string>>>());
    (*proxy.set_headers)->emplace_back(at.arg(1), at.arg(2));
    return conf::ok();
}

/// The header fields of a request: proxy_set_header's, then nginx's own unless they were set.
Result<std::shared_ptr<const RequestHeaders>> make_headers(const SetHeaders& given, Builder& builder) {
    using Kind = RequestHeaders::Kind;
    auto nginx = builder.site->nginx;
    auto out = std::make_shared<RequestHeaders>();
    out->host_first = compatible::always_sends_host(nginx);
    const std::pair<std::string_view, Kind> defaults[] = {
        {"Host", out->host_first ? Kind::kExpr : Kind::kHost},
        {"Connection", compatible::asks_upstream_to_close(nginx) ? Kind::kClose : Kind::kExpr},
        {"Content-Length", Kind::kBodyLength}, {"Transfer-Encoding", Kind::kChunked}, {"TE", Kind::kExpr},
        {"Keep-Alive", Kind::kExpr}, {"Expect", Kind::kExpr}, {"Upgrade", Kind::kExpr},
    };
    if (compatible::drops_proxy_connection(nginx)) out->names.add("Proxy-Connection");
    if (given)
        for (auto& [name, text] : *given) {
            auto value = Expr::compile(text, builder);
            if (!value) return value.error();
            if (out->host_first && iequals(name, "Host")) {
                out->host_given = true;
                out->host = std::move(*value);
                continue;
            }
            out->names.add(name);
            if (!value->empty()) out->fields.push_back({name, Kind::kExpr, std::move(*value)});
        }
    for (auto& [name, kind] : defaults) {
        if (out->names.contains(name)) continue;
        out->names.add(name);
        if (kind != Kind::kExpr) out->fields.push_back({std::string(name), kind, {}});
    }
    return std::shared_ptr<const RequestHeaders>(std::move(out));
}

constexpr std::string_view kHidden[] = {"Date", "Server", "X-Pad", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate",
                                        "X-Accel-Buffering", "X-Accel-Charset"};

Status http_version(Cursor& at, Proxy& proxy) {
    if (proxy.http_version.is_set()) return conf::directive_is("is duplicate");
    if (at.arg(1) == "2") return conf::refuse("directive \"proxy_http_version\" with \"2\" is not supported by this version of bext");
    if (at.arg(1) != "1.0" && at.arg(1) != "1.1") return conf::refuse(cat({"invalid value \"", at.arg(1), "\""}));
    proxy.http_version.set(at.arg(1) == "1.0" ? 1000 : 1001);
    return conf::ok();
}


constexpr conf::Directive kOwn[] = {
    {"proxy_pass", conf::kLocation | conf::kLocationIf | conf::kLimitExcept, conf::kOne, conf::call<set_pass, &Proxy::pass>},
    {"proxy_redirect", conf::kHttp, conf::kOne | conf::kTwo, conf::call<set_redirect, &Proxy::redirect, &Proxy::redirects>},
    {"proxy_cookie_domain", conf::kHttp, conf::kOne | conf::kTwo, conf::call<set_cookie_domain, &Proxy::cookie_domains>},
    {"proxy_cookie_path", conf::kHttp, conf::kOne | conf::kTwo, conf::call<set_cookie_path, &Proxy::cookie_paths>},
    {"proxy_cookie_flags", conf::kHttp, conf::kOne | conf::kTwo | conf::kThree | conf::kFour,
     conf::call<set_cookie_flags, &Proxy::cookie_flags>},
    {"proxy_set_header", conf::kHttp, conf::kTwo, conf::call<set_header, &Proxy::set_headers>},
    {"proxy_send_lowat", conf::kHttp, conf::kOne, conf::run_once<conf::not_supported>},
    {"proxy_headers_hash_max_size", conf::kHttp, conf::kOne, conf::into<&Proxy::hash_max_size>},
    {"proxy_headers_hash_bucket_size", conf::kHttp, conf::kOne, conf::into<&Proxy::hash_bucket_size>},
    {"proxy_set_body", conf::kHttp, conf::kOne, conf::into<&Proxy::body>},
    {"proxy_method", conf::kHttp, conf::kOne, conf::into<&Proxy::method>},
    {"proxy_http_version", conf::kHttp, conf::kOne, conf::call<http_version, &Proxy::http_version>},
    {"proxy_pass_trailers", conf::kHttp, conf::kFlag, upstream::into<Proxy, &upstream::Settings::pass_trailers>},
};

constexpr auto kDirectives = upstream::join(upstream::shared_directives<Proxy, "proxy_">, kOwn);

}  // namespace

std::span<const conf::Directive> directives() { return kDirectives; }

Status Proxy::finish(const Proxy& outer, Cursor& at) {
    auto nginx = at.owner<Builder>().site->nginx;
    if (&outer == this) {
        http_version.set_default(compatible::proxy_http_version(nginx));
        protocols.set_default(upstream::default_protocols(nginx));
    }
    auto limits = conf::hash_limits("proxy_headers_hash", hash_max_size, hash_bucket_size);
    if (auto bad = finish_settings(at, outer, "proxy", {limits, kHidden})) return bad;
    bool same = *set_headers == *outer.set_headers && outer.headers;
    headers = outer.headers;
    if (!same) {
        auto made = make_headers(*set_headers, at.owner<Builder>());
        if (!made) return conf::refuse(made.error().text);
        headers = *made;
        if (auto bad = headers->names.check(limits, at)) return bad;
    }
    locations = nullptr;
    if (*redirect) {
        locations = *redirects;
        if (!locations && !pass->url.empty())
            locations = std::make_shared<std::vector<Rewrite>>(1, default_redirect(*pass));
    }
    if (pass->given() && pass->tls && upstream::tls_prepare()) return upstream::tls_prepare()(at, *this);
    return conf::ok();
}

}  // namespace bext::http::proxy
