// Digests, random bytes and a comparison that takes the same time for equal and unequal texts (OpenSSL's libcrypto).
#pragma once

#include <string>
#include <string_view>

namespace bext {

class Digest {
public:
    enum class Kind { kMd5, kSha1 };
    explicit Digest(Kind kind);
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;
    ~Digest();

    Digest& add(std::string_view text);
    /// The raw bytes of the digest; nothing can be added afterwards.
    std::string finish();

private:
    void* context_;
};

/// HMAC-SHA256 (RFC 2104) of a text that comes in pieces.
class HmacSha256 {
public:
    explicit HmacSha256(std::string_view key);
    HmacSha256(const HmacSha256&) = delete;
    HmacSha256& operator=(const HmacSha256&) = delete;
    ~HmacSha256();

    HmacSha256& add(std::string_view text);
    /// The raw bytes; nothing can be added afterwards. "" when the system has no such digest.
    std::string finish();

private:
    void* context_ = nullptr;
};

/// The raw bytes of HMAC-SHA256.
std::string hmac_sha256(std::string_view key, std::string_view text);

/// Fills `size` bytes unpredictably; false when the system has none to give.
bool random_bytes(void* into, std::size_t size);
/// Overwrites a secret, so that it does not stay in memory.
void erase(void* secret, std::size_t size);
/// Equality in time that tells nothing of where the texts differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace bext
