// proxy_redirect, proxy_cookie_domain, proxy_cookie_path, proxy_cookie_flags: what of an answer's headers is rewritten.
#include "http/builder.h"
#include "modules/http/proxy.h"

namespace bext::http::proxy {

using conf::Cursor;
using conf::Status;

bool Rewrite::apply(Request& r, std::string_view& value, std::size_t from) const {
    auto rest = value.substr(from);
    std::size_t matched = rest.size();
    if (kind == Kind::kRegex) {
        if (!r.match(*regex, rest)) return false;
    } else {
        auto wanted = pattern.evaluate(r);
        if (kind == Kind::kPrefix) {
            if (!rest.starts_with(wanted)) return false;
            matched = wanted.size();
        } else {
            if (rest.starts_with('.')) ++from, rest.remove_prefix(1), --matched;
            if (!iequals(rest, wanted)) return false;
        }
    }
    auto by = replacement.evaluate(r);
    value = r.arena.cat({value.substr(0, from), by, rest.substr(matched)});
    return true;
}

bool Call::rewrite_location(Request& r, std::string_view& value, std::size_t from) {
    if (!conf_.locations) return false;
    for (auto& rule : *conf_.locations)
        if (rule.apply(r, value, from)) return true;
    return false;
}

Rewrite default_redirect(const Pass& pass) {
    Rewrite rule;
    bool replaced = !pass.uri.empty();
    rule.pattern = Expr::literal(replaced ? pass.url : pass.url + "/");
    rule.replacement = Expr::literal(replaced ? pass.location : "/");
    return rule;
}

namespace {

Builder& builder(Cursor& at) { return at.owner<Builder>(); }

Status compile(Cursor& at, std::string_view text, Expr& out) {
    auto expr = Expr::compile(text, builder(at));
    if (!expr) return conf::refuse(expr.error().text);
    out = std::move(*expr);
    return conf::ok();
}

Status compile_regex(Cursor& at, const std::string& text, bool ignore_case, std::shared_ptr<const Regex>& out) {
    auto regex = builder(at).regex(at, text, ignore_case);
    if (!regex) return conf::refuse(regex.error().text);
    out = *regex;
    return conf::ok();
}

/// The pattern of a rule: "~regex", "~*regex" or text.
Status set_pattern(Cursor& at, Rewrite& rule, bool cookies_ignore_case) {
    std::string_view text = at.arg(1);
    if (!text.starts_with('~')) return compile(at, text, rule.pattern);
    text.remove_prefix(1);
    bool star = text.starts_with('*');
    if (star) text.remove_prefix(1);
    rule.kind = Rewrite::Kind::kRegex;
    return compile_regex(at, std::string(text), star || cookies_ignore_case, rule.regex);
}

/// "off", or the list to which the rule is to be added.
Status begin_list(Cursor& at, conf::Setting<Rewrites>& list, bool& off) {
    off = false;
    if (list.is_set() && !*list) return conf::directive_is("is duplicate");  // after "off"
    if (at.count() == 2) {
        if (at.arg(1) != "off") return conf::refuse(cat({"invalid parameter \"", at.arg(1), "\""}));
        if (list.is_set()) return conf::directive_is("is duplicate");
        list.set(nullptr);
        off = true;
        return conf::ok();
    }
    if (!list.is_set()) list.set(std::make_shared<std::vector<Rewrite>>());
    return conf::ok();
}

}  // namespace

Status set_redirect(Cursor& at, Proxy& proxy) {
    if (proxy.redirect.is_set() && !*proxy.redirect) return conf::directive_is("is duplicate");
    if (at.count() == 2 && at.arg(1) == "off") {
        if (proxy.redirects.is_set()) return conf::directive_is("is duplicate");
        proxy.redirect.set(false);
        return conf::ok();
    }
    proxy.redirect.set(true);
    if (at.count() == 2 && at.arg(1) != "default") return conf::refuse(cat({"invalid parameter \"", at.arg(1), "\""}));
    if (!proxy.redirects.is_set()) proxy.redirects.set(std::make_shared<std::vector<Rewrite>>());
    auto& list = **proxy.redirects;
    if (at.count() == 2) {
        if (!proxy.pass->target.empty())
            return conf::refuse("\"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with variables");
        if (proxy.pass->url.empty())
            return conf::refuse("\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive");
        list.push_back(default_redirect(*proxy.pass));
        return conf::ok();
    }
    Rewrite rule;
    if (auto bad = set_pattern(at, rule, false)) return bad;
    if (auto bad = compile(at, at.arg(2), rule.replacement)) return bad;
    list.push_back(std::move(rule));
    return conf::ok();
}

Status set_cookie_domain(Cursor& at, Proxy& proxy) {
    bool off;
    if (auto bad = begin_list(at, proxy.cookie_domains, off)) return bad;
    if (off) return conf::ok();
    Rewrite rule;
    std::string_view to = at.arg(2);
    if (at.arg(1).starts_with('~')) {
        rule.kind = Rewrite::Kind::kRegex;
        if (auto bad = compile_regex(at, at.arg(1).substr(1), true, rule.regex)) return bad;
    } else {
        rule.kind = Rewrite::Kind::kDomain;
        std::string_view from = at.arg(1);
        if (from.starts_with('.')) from.remove_prefix(1);
        if (to.starts_with('.')) to.remove_prefix(1);
        if (auto bad = compile(at, from, rule.pattern)) return bad;
    }
    if (auto bad = compile(at, to, rule.replacement)) return bad;
    (*proxy.cookie_domains)->push_back(std::move(rule));
    return conf::ok();
}

Status set_cookie_path(Cursor& at, Proxy& proxy) {
    bool off;
    if (auto bad = begin_list(at, proxy.cookie_paths, off)) return bad;
    if (off) return conf::ok();
    Rewrite rule;
    if (auto bad = set_pattern(at, rule, false)) return bad;
    if (auto bad = compile(at, at.arg(2), rule.replacement)) return bad;
    (*proxy.cookie_paths)->push_back(std::move(rule));
    return conf::ok();
}

Status set_cookie_flags(Cursor& at, Proxy& proxy) {
    auto& list = proxy.cookie_flags;
    if (list.is_set() && !*list) return conf::directive_is("is duplicate");
    if (at.count() == 2) {
        if (at.arg(1) != "off") return conf::refuse(cat({"invalid parameter \"", at.arg(1), "\""}));
        if (list.is_set()) return conf::directive_is("is duplicate");
        list.set(nullptr);
        return conf::ok();
    }
    if (!list.is_set()) list.set(std::make_shared<std::vector<CookieFlags>>());
    CookieFlags rule;
    if (at.arg(1).starts_with('~')) {
        if (auto bad = compile_regex(at, at.arg(1).substr(1), true, rule.regex)) return bad;
    } else if (auto bad = compile(at, at.arg(1), rule.name)) {
        return bad;
    }
    for (std::size_t i = 2; i < at.count(); ++i) {
        Expr flag;
        if (auto bad = compile(at, at.arg(i), flag)) return bad;
        rule.flags.push_back(std::move(flag));
    }
    (*list)->push_back(std::move(rule));
    return conf::ok();
}

}  // namespace bext::http::proxy
