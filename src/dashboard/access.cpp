#include "dashboard/access.h"

#include "base/digest.h"
#include "base/text.h"

namespace bext::dashboard {

std::string random_text() {
    unsigned char bytes[32];
    if (!random_bytes(bytes, sizeof bytes)) return "";
    std::string text;
    for (auto byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

Secrets Secrets::create() { return {random_text(), random_text(), random_text()}; }

Access::Access(Secrets secrets, int port)
    : secrets_(std::move(secrets)), cookie_name_("bext_dashboard_" + std::to_string(port) + "=") {}

/// A name of this machine for itself, with any port: an ssh tunnel may begin at another one than it ends at. A foreign name that resolves
/// to this machine stays foreign.
bool Access::here(std::string_view host) {
    for (std::string_view name : {"127.0.0.1", "localhost", "[::1]"}) {
        if (host == name) return true;
        if (!host.starts_with(name) || host[name.size()] != ':') continue;
        auto port = parse_decimal(host.substr(name.size() + 1), 65535);
        return port && *port > 0;
    }
    return false;
}

bool Access::has_cookie(std::string_view cookies) const {
    bool found = false;
    for (auto pair : split(cookies, ';')) {
        pair = trim(pair);
        if (pair.starts_with(cookie_name_)) found |= equal_in_constant_time(pair.substr(cookie_name_.size()), secrets_.cookie);
    }
    return found;
}

Answerable Access::judge(const Asking& asking) const {
    if (!here(asking.host)) return Answerable::kWrongHost;
    // A page of another port of the same name is another page.
    if (!asking.origin.empty() && asking.origin != cat({"http://", asking.host})) return Answerable::kWrongOrigin;
    if (secrets_.token.empty() || secrets_.cookie.empty() || secrets_.key.empty()) return Answerable::kNoToken;
    if (equal_in_constant_time(asking.token, secrets_.token)) return Answerable::kYes;
    bool page = asking.path == "/" && !asking.post;
    for (auto pair : split(asking.query, '&'))
        if (page && pair.starts_with("token=") && equal_in_constant_time(pair.substr(6), secrets_.token)) return Answerable::kEnter;
    if (!has_cookie(asking.cookie)) return Answerable::kNoToken;
    if (equal_in_constant_time(asking.key, secrets_.key)) return Answerable::kYes;
    return page ? Answerable::kPage : Answerable::kNoToken;
}

std::string Access::cookie() const { return cat({cookie_name_, secrets_.cookie, "; Path=/; HttpOnly; SameSite=Strict"}); }

}  // namespace bext::dashboard
