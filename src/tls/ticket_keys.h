// Keys that session tickets are encrypted with (RFC 5077): configured ones, or the process's own, which change.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace bext::tls {

struct TicketKey {
    unsigned char name[16];
    unsigned char aes[32];
    unsigned char hmac[32];
    bool long_key = true;  // 256 bits, else 128
};

/// The process's own keys, by nginx's rule for a shared session cache: the key changes once nobody can hold a ticket of
/// the one before any more. Any thread may ask.
class TicketKeyRing {
public:
    /// The key to encrypt with at `now` (seconds) for sessions that last `timeout`, then the one before.
    std::array<TicketKey, 2> keys(std::int64_t now, std::int64_t timeout);

    /// The one that all configurations share, so that a reload does not cost clients their sessions; nor does an upgrade,
    /// since it goes on in the next process.
    static TicketKeyRing& process();

    std::string save();
    /// Damage changes nothing.
    void restore(std::string_view bytes);

private:
    struct Aging {
        TicketKey key;
        std::int64_t needed_until = 0;
    };
    std::mutex mutex_;
    Aging current_, previous_;
    bool begun_ = false;
};

/// A key of random bytes.
TicketKey random_ticket_key();

}  // namespace bext::tls
