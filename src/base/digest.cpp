#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
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

std::string hmac_sha256(std::string_view key, std::string_view text) {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    auto* data = reinterpret_cast<const unsigned char*>(text.data());
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, text.size(), bytes, &size)) return {};
    return {reinterpret_cast<char*>(bytes), size};
}

bool random_bytes(void* into, std::size_t size) {
    return RAND_bytes(static_cast<unsigned char*>(into), static_cast<int>(size)) == 1;
}

void erase(void* secret, std::size_t size) { OPENSSL_cleanse(secret, size); }

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace bext
