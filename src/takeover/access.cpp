#include "takeover/access.h"

#include "base/digest.h"
#include "base/text.h"

namespace bext::takeover {
namespace {

constexpr std::string_view kName = "bext_takeover=";

}  // namespace

std::string Access::new_token() {
    unsigned char bytes[32];
    if (!random_bytes(bytes, sizeof bytes)) return "";
    std::string text;
    for (auto byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

bool Access::here(std::string_view host) const {
    auto port = ":" + std::to_string(port_);
    for (auto name : {"127.0.0.1", "localhost", "[::1]"})
        if (host == name + port) return true;
    return false;
}

Answerable Access::judge(const Asking& asking) const {
    if (!here(asking.host)) return Answerable::kWrongHost;
    if (!asking.origin.empty() && !(asking.origin.starts_with("http://") && here(asking.origin.substr(7)))) return Answerable::kWrongOrigin;
    if (token_.empty()) return Answerable::kNoToken;
    if (equal_in_constant_time(asking.token, token_)) return Answerable::kYes;
    if (asking.post) return Answerable::kNoToken;
    for (auto pair : split(asking.query, '&'))
        if (asking.path == "/" && pair.starts_with("token=") && equal_in_constant_time(pair.substr(6), token_)) return Answerable::kEnter;
    for (auto pair : split(asking.cookie, ';')) {
        pair = trim(pair);
        if (pair.starts_with(kName) && equal_in_constant_time(pair.substr(kName.size()), token_)) return Answerable::kYes;
    }
    return Answerable::kNoToken;
}

std::string Access::cookie() const { return cat({kName, token_, "; Path=/; HttpOnly; SameSite=Strict"}); }

}  // namespace bext::takeover
