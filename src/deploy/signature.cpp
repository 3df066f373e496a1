#include "deploy/signature.h"

#include <string>

#include "base/digest.h"

namespace bext::deploy {

bool is_signed(std::string_view header, std::string_view body, std::string_view secret) {
    if (secret.empty()) return false;
    std::string expected = "sha256=";
    for (unsigned char byte : hmac_sha256(secret, body)) {
        expected += "0123456789abcdef"[byte >> 4];
        expected += "0123456789abcdef"[byte & 15];
    }
    constexpr std::size_t kSize = 7 + 64;
    return expected.size() == kSize && equal_in_constant_time(header, expected);
}

}  // namespace bext::deploy
