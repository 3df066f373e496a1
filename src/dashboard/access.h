// Access: who may see the dashboard and who may press its buttons: a script that has the token, and this machine's browser that
// was given it.
#pragma once

#include <string>
#include <string_view>

namespace bext::dashboard {

/// What of a request decides.
struct Asking {
    bool post = false;
    std::string_view path;    // without the query
    std::string_view query;
    std::string_view host;    // Host
    std::string_view origin;  // Origin, "" when there is none
    std::string_view cookie;  // Cookie
    std::string_view token;   // X-Bext-Token
    std::string_view key;     // X-Bext-Key
};

/// kEnter: the token is in the URL; it is to become a cookie and a key. kPage: the page alone, which holds nothing.
enum class Answerable { kYes, kEnter, kPage, kWrongHost, kWrongOrigin, kNoToken };

/// Another one at every launch. The token is for the command line. The browser has two secrets instead, each worth nothing alone: a cookie,
/// which it sends to whatever listens on another port of this machine, too, and a key, which only the page knows.
struct Secrets {
    std::string token, cookie, key;

    /// 32 random bytes in hexadecimal each; empty when the system has none.
    static Secrets create();
};

/// 32 random bytes in hexadecimal; "" when the system has none.
std::string random_text();

class Access {
public:
    Access(Secrets secrets, int port);

    /// A name that resolves to this machine is no Host (DNS rebinding), another page's Origin is none, and everything but the
    /// page itself needs the token, or cookie and key.
    Answerable judge(const Asking& asking) const;

    /// The value of Set-Cookie.
    std::string cookie() const;
    const std::string& token() const { return secrets_.token; }
    const std::string& key() const { return secrets_.key; }

private:
    static bool here(std::string_view host);
    bool has_cookie(std::string_view cookies) const;

    Secrets secrets_;
    std::string cookie_name_;  // of its own for each port, since cookies are not
};

}  // namespace bext::dashboard
