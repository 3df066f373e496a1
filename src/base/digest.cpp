#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

namespace bext {

Digest::Digest(Kind kind) : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), kind == Kind::kMd5 ? EVP_md5() : EVP_sha1(), nullptr);
}

Digest::~Digest() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

Digest& Digest::add(std::string_view text) {
    EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), text.data(), text.size());
    return *this;
}

std::string Digest::finish() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), bytes, &size);
    return {reinterpret_cast<char*>(bytes), size};
}

HmacSha256::HmacSha256(std::string_view key) {
    auto* method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    auto* context = EVP_MAC_CTX_new(method);
    EVP_MAC_free(method);
    char digest[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    auto* bytes = reinterpret_cast<const unsigned char*>(key.empty() ? "" : key.data());
    if (context && EVP_MAC_init(context, bytes, key.size(), parameters) == 1) {
        context_ = context;
    } else {
        EVP_MAC_CTX_free(context);
    }
}

HmacSha256::~HmacSha256() { EVP_MAC_CTX_free(static_cast<EVP_MAC_CTX*>(context_)); }

HmacSha256& HmacSha256::add(std::string_view text) {
    if (context_) EVP_MAC_update(static_cast<EVP_MAC_CTX*>(context_), reinterpret_cast<const unsigned char*>(text.data()), text.size());
    return *this;
}

std::string HmacSha256::finish() {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    std::size_t size = 0;
    if (!context_ || EVP_MAC_final(static_cast<EVP_MAC_CTX*>(context_), bytes, &size, sizeof bytes) != 1) return {};
    return {reinterpret_cast<char*>(bytes), size};
}

std::string hmac_sha256(std::string_view key, std::string_view text) { return HmacSha256(key).add(text).finish(); }

bool random_bytes(void* into, std::size_t size) {
    return RAND_bytes(static_cast<unsigned char*>(into), static_cast<int>(size)) == 1;
}

void erase(void* secret, std::size_t size) { OPENSSL_cleanse(secret, size); }

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace bext
