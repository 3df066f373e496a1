// Signature: what proves that a webhook's body comes from who knows the secret.
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"

namespace bext::deploy {

/// Looks whether an X-Hub-Signature-256 field, "sha256=HEX", is that of a body which comes in pieces.
class Signature {
public:
    /// An empty secret signs nothing.
    Signature(std::string_view field, std::string_view secret);

    /// The field can be right at all: else the body need not be waited for.
    bool is_plausible() const { return plausible_; }
    void add(std::string_view piece) { hmac_.add(piece); }
    /// The body is whole: whether it is signed. The time it takes tells nothing of how much of the signature is right.
    bool is_right();
    /// The field; a right one stands for the whole body.
    const std::string& field() const { return field_; }

private:
    std::string field_;
    bool plausible_;
    HmacSha256 hmac_;
};

}  // namespace bext::deploy
