// Deliveries: which webhooks were taken already, so that none has an effect twice. A signature is for ever: whoever got hold of
// a signed body could send it again.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace bext::deploy {

class Deliveries {
public:
    static constexpr std::size_t kMost = 1024;

    /// The id is only a header, which is not signed; the signature is of the whole body. Either shows a delivery again.
    bool has(std::string_view id, std::string_view signature) const;
    void remember(std::string_view id, std::string_view signature);

    std::size_t count() const { return taken_.size(); }

private:
    struct Delivery {
        std::string id;
        std::string signature;
    };
    std::deque<Delivery> taken_;  // the newest last
};

/// Finds in a body, which comes in pieces, when its push was made: "pushed_at":SECONDS of GitHub's repository. In JSON this
/// sequence of bytes can only be a member: within a text its quotes would be escaped.
class PushTime {
public:
    void add(std::string_view piece);
    /// Seconds since 1970; nothing when the body does not say.
    std::optional<std::int64_t> seconds() const;

private:
    std::size_t matched_ = 0;  // of the name
    std::string digits_;
    bool done_ = false;
};

}  // namespace bext::deploy
