// fastcgi: directives and what follows from them once the file is read.
#include <algorithm>

#include "http/builder.h"
#include "modules/http/fastcgi.h"

namespace bext::http::fastcgi {

using conf::Cursor;
using conf::Status;

namespace {

Status set_pass(Cursor& at, Fastcgi& fastcgi) {
    if (fastcgi.pass.is_set()) return conf::directive_is("is duplicate");
    auto& builder = at.owner<Builder>();
    Pass pass;
    if (at.arg(1).find('$') != std::string::npos) {
        auto target = Expr::compile(at.arg(1), builder);
        if (!target) return conf::refuse(target.error().text);
        pass.target = std::move(*target);
        pass.groups = upstream::Groups::of(builder);
    } else {
        upstream::Url url;
        if (auto wrong = upstream::parse_url(at.arg(1), 0, false, url))
            return conf::refuse(cat({*wrong, " in upstream \"", at.arg(1), "\""}));
        if (auto bad = upstream::Groups::of(builder)->use(at, url, pass.group)) return bad;
    }
    auto& location = *builder.location;
    bool named = location.kind == Location::Kind::kExact || location.kind == Location::Kind::kPrefix || location.kind == Location::Kind::kNoRegex;
    if (named && location.name.ends_with('/')) location.auto_redirect = true;
    builder.set_content(Hook(handle));
    fastcgi.pass.set(std::move(pass));
    return conf::ok();
}

Status set_param(Cursor& at, Fastcgi& fastcgi) {
    Param param;
    param.name = at.arg(1);
    param.text = at.arg(2);
    if (at.count() == 4) {
        if (at.arg(3) != "if_not_empty") return conf::refuse(cat({"invalid parameter \"", at.arg(3), "\""}));
        param.skip_empty = true;
    }
    if (!fastcgi.params.is_set()) fastcgi.params.set(std::make_shared<std::vector<Param>>());
    (*fastcgi.params)->push_back(std::move(param));
    return conf::ok();
}

Status set_split(Cursor& at, Fastcgi& fastcgi) {
    auto regex = Regex::compile(at.arg(1), false, at.place());
    if (!regex) return conf::refuse(regex.error().text);
    if ((*regex)->groups() != 2) return conf::refuse(cat({"pattern \"", at.arg(1), "\" must have 2 captures"}));
    fastcgi.split.set(*regex);
    return conf::ok();
}

constexpr std::string_view kHidden[] = {"Status", "X-Accel-Expires", "X-Accel-Redirect", "X-Accel-Limit-Rate",
                                        "X-Accel-Buffering", "X-Accel-Charset"};

constexpr conf::HashLimits kHideHash{"fastcgi_hide_headers_hash", 512, 64};

constexpr conf::Directive kOwn[] = {
    {"fastcgi_pass", conf::kLocation | conf::kLocationIf, conf::kOne, conf::call<set_pass, &Fastcgi::pass>},
    {"fastcgi_send_lowat", conf::kHttp, conf::kOne, conf::run_once<conf::not_supported>},
    {"fastcgi_index", conf::kHttp, conf::kOne, conf::into<&Fastcgi::index>},
    {"fastcgi_split_path_info", conf::kHttp, conf::kOne, conf::call<set_split, &Fastcgi::split>},
    {"fastcgi_param", conf::kHttp, conf::kTwo | conf::kThree, conf::call<set_param, &Fastcgi::params>},
    {"fastcgi_catch_stderr", conf::kHttp, conf::kOne, conf::into<&Fastcgi::catch_stderr>},
    {"fastcgi_keep_conn", conf::kHttp, conf::kFlag, conf::into<&Fastcgi::keep_conn>},
};

constexpr auto kDirectives = upstream::join(upstream::shared_directives<Fastcgi, "fastcgi_">, kOwn);

}  // namespace

std::span<const conf::Directive> directives() { return kDirectives; }

Status Fastcgi::finish(const Fastcgi& outer, Cursor& at) {
    if (*params == *outer.params && outer.sent) {
        sent = outer.sent;
        replaced = outer.replaced;
        return finish_settings(at, outer, "fastcgi", {kHideHash, kHidden});
    }
    sent = std::make_shared<std::vector<Param>>();
    if (*params) *sent = **params;
    for (auto& param : *sent) {
        auto value = Expr::compile(param.text, at.owner<Builder>());
        if (!value) return conf::refuse(value.error().text);
        param.value = std::move(*value);
    }
    bool host = std::any_of(sent->begin(), sent->end(), [](auto& param) { return iequals(param.name, "HTTP_HOST"); });
    if (!host && compatible::always_sends_http_host(at.owner<Builder>().site->nginx)) {
        auto value = Expr::compile("$host$is_request_port$request_port", at.owner<Builder>());
        if (!value) return conf::refuse(value.error().text);
        sent->push_back({"HTTP_HOST", {}, std::move(*value), true});
    }
    replaced.clear();
    for (auto& param : *sent)
        if (param.name.starts_with("HTTP_")) replaced.add(lower(std::string_view(param.name).substr(5)));
    // An empty HTTP_ parameter only keeps the client's header out.
    std::erase_if(*sent, [](auto& param) { return param.name.starts_with("HTTP_") && param.value.empty(); });
    if (auto bad = finish_settings(at, outer, "fastcgi", {kHideHash, kHidden})) return bad;
    return replaced.check({"fastcgi_params_hash", 512, 64}, at);
}

}  // namespace bext::http::fastcgi
