// proxy_cookie_domain, proxy_cookie_path, proxy_cookie_flags at work on one Set-Cookie (ngx_http_proxy_rewrite_cookie).
#include "modules/http/proxy.h"

namespace bext::http::proxy {
namespace {

/// "name=value" or a flag between two semicolons.
struct Attribute {
    std::string_view key, value;
    bool has_value = false, gone = false;
};

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

void split_cookie(std::string_view cookie, List<Attribute>& out) {
    for (;;) {
        auto end = cookie.find(';');
        auto part = cookie.substr(0, end);
        auto equals = part.find('=');
        Attribute a;
        a.key = trimmed(part.substr(0, equals));
        if (equals != std::string_view::npos) {
            a.value = trimmed(part.substr(equals + 1));
            a.has_value = true;
        }
        out.push(a);
        if (end == std::string_view::npos) return;
        cookie.remove_prefix(end + 1);
    }
}

enum Flag : unsigned {
    kSecure = 1, kNoSecure = 2, kHttpOnly = 4, kNoHttpOnly = 8, kStrict = 16, kLax = 32, kNone = 64, kNoSameSite = 128,
};

unsigned flag_of(std::string_view word) {
    static constexpr std::pair<std::string_view, unsigned> kWords[] = {
        {"secure", kSecure}, {"nosecure", kNoSecure}, {"httponly", kHttpOnly}, {"nohttponly", kNoHttpOnly},
        {"samesite=strict", kStrict}, {"samesite=lax", kLax}, {"samesite=none", kNone}, {"nosamesite", kNoSameSite},
    };
    for (auto& [text, bit] : kWords)
        if (iequals(text, word)) return bit;
    return 0;
}

/// The flags of the first rule that names the cookie.
unsigned flags_for(Request& r, const std::vector<CookieFlags>& rules, std::string_view cookie) {
    for (auto& rule : rules) {
        bool matches = rule.regex ? r.match(*rule.regex, cookie) : iequals(rule.name.evaluate(r), cookie);
        if (!matches) continue;
        unsigned flags = 0;
        for (auto& flag : rule.flags) flags |= flag_of(flag.evaluate(r));
        return flags;
    }
    return 0;
}

/// A flag that is there already: kept when wanted, taken out when unwanted.
void edit_flag(Attribute& a, unsigned& flags, unsigned on, unsigned off) {
    if (flags & on) flags &= ~on;
    else if (flags & off) a.gone = true;
}

void edit_same_site(Attribute& a, unsigned& flags) {
    static constexpr std::pair<unsigned, std::string_view> kModes[] = {{kStrict, "Strict"}, {kLax, "Lax"}, {kNone, "None"}};
    for (auto& [bit, text] : kModes) {
        if (!(flags & bit)) continue;
        flags &= ~bit;
        if (!iequals(a.value, text)) a = {"SameSite", text, true, false};
        return;
    }
    if (flags & kNoSameSite) a.gone = true;
}

void edit_flags(List<Attribute>& all, unsigned flags) {
    for (std::size_t i = 1; i < all.size(); ++i) {
        if (iequals(all[i].key, "secure")) edit_flag(all[i], flags, kSecure, kNoSecure);
        else if (iequals(all[i].key, "httponly")) edit_flag(all[i], flags, kHttpOnly, kNoHttpOnly);
        else if (iequals(all[i].key, "samesite")) edit_same_site(all[i], flags);
    }
    if (flags & kSecure) all.push({"Secure", {}, false, false});
    if (flags & kHttpOnly) all.push({"HttpOnly", {}, false, false});
    if (flags & (kStrict | kLax | kNone))
        all.push({"SameSite", flags & kStrict ? "Strict" : flags & kLax ? "Lax" : "None", true, false});
}

bool rewrite_value(Request& r, const Rewrites& rules, std::string_view& value) {
    for (auto& rule : *rules)
        if (rule.apply(r, value, 0)) return true;
    return false;
}

}  // namespace

void Call::rewrite_cookie(Request& r, std::string_view& cookie) {
    auto &domains = *conf_.cookie_domains, &paths = *conf_.cookie_paths;
    auto& flag_rules = *conf_.cookie_flags;
    if (!domains && !paths && !flag_rules) return;
    List<Attribute> all(r.arena);
    split_cookie(cookie, all);
    if (!all[0].has_value) return;
    bool changed = false;
    for (std::size_t i = 1; i < all.size(); ++i) {
        auto& a = all[i];
        if (domains && a.has_value && iequals(a.key, "domain") && rewrite_value(r, domains, a.value)) changed = true;
        if (paths && a.has_value && iequals(a.key, "path") && rewrite_value(r, paths, a.value)) changed = true;
    }
    unsigned flags = flag_rules ? flags_for(r, *flag_rules, all[0].key) : 0;
    if (flags) edit_flags(all, flags);
    if (!changed && !flags) return;
    std::string text;
    for (auto& a : all) {
        if (a.gone) continue;
        if (!text.empty()) text += "; ";
        text += a.key;
        if (a.has_value) text.append("=").append(a.value);
    }
    cookie = r.arena.copy(text);
}

}  // namespace bext::http::proxy
