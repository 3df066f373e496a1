// Signature: what proves that a webhook's body comes from who knows the secret.
// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
#pragma once

#include <string_view>

namespace bext::deploy {

/// Whether `header`, the X-Hub-Signature-256 field "sha256=HEX", is that of `body` with `secret`. An empty secret signs
/// nothing. The time it takes tells nothing of how much of it is right.
bool is_signed(std::string_view header, std::string_view body, std::string_view secret);

}  // namespace bext::deploy
