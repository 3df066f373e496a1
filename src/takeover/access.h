// Access: who may see the dashboard and who may press its buttons: this machine's browser that was given the token.
#pragma once

#include <string>
#include <string_view>

namespace bext::takeover {

/// What of a request decides.
struct Asking {
    bool post = false;
    std::string_view path;    // without the query
    std::string_view query;
    std::string_view host;    // Host
    std::string_view origin;  // Origin, "" when there is none
    std::string_view cookie;  // Cookie
    std::string_view token;   // X-Bext-Token
};

enum class Answerable { kYes, kEnter, kWrongHost, kWrongOrigin, kNoToken };

class Access {
public:
    Access(std::string token, int port) : token_(std::move(token)), port_(port) {}

    /// 32 random bytes in hexadecimal; "" when the system has none.
    static std::string new_token();

    /// kEnter: the token is in the URL; it is to become a cookie. A name that resolves to this machine is no Host (DNS
    /// rebinding), another page's Origin is none, and what changes something needs the token itself, not the cookie.
    Answerable judge(const Asking& asking) const;

    /// The value of Set-Cookie.
    std::string cookie() const;
    const std::string& token() const { return token_; }

private:
    bool here(std::string_view host) const;

    std::string token_;
    int port_;
};

}  // namespace bext::takeover
