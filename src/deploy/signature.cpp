#include "deploy/signature.h"

namespace bext::deploy {
namespace {

constexpr std::string_view kStart = "sha256=";
constexpr std::size_t kSize = kStart.size() + 64;

}  // namespace

Signature::Signature(std::string_view field, std::string_view secret)
    : field_(field.substr(0, kSize + 1)), plausible_(!secret.empty() && field.size() == kSize && field.starts_with(kStart)), hmac_(secret) {}

bool Signature::is_right() {
    std::string expected(kStart);
    for (unsigned char byte : hmac_.finish()) {
        expected += "0123456789abcdef"[byte >> 4];
        expected += "0123456789abcdef"[byte & 15];
    }
    return plausible_ && expected.size() == kSize && equal_in_constant_time(field_, expected);
}

}  // namespace bext::deploy
