// TicketKeys: the keys of the session tickets that a process issues when none are configured. One set for every Site, so
// that a reload costs nobody a session; they go on in the next process, and are changed in time, so that a stolen key
// opens little.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace bext::tls {

struct TicketKey {
    unsigned char name[16];
    unsigned char aes[32];
    unsigned char hmac[32];
    bool long_key;
};

class TicketKeys {
public:
    /// The keys for tickets that are good for `lifetime` seconds.
    static TicketKeys& own(std::int64_t lifetime);

    explicit TicketKeys(std::int64_t lifetime) : lifetime_(lifetime) {}
    /// The key to issue with: each is used for the lifetime of a ticket, and known for as long again. False: there is no
    /// randomness to be had.
    bool current(TicketKey& key, std::int64_t now);
    /// The key of that name, which is an `older` one when it should be renewed.
    bool find(const unsigned char* name, TicketKey& key, bool& older);

    std::string save();
    void restore(std::string_view bytes);

private:
    struct Dated {
        TicketKey key;
        std::int64_t made = 0;
    };
    const std::int64_t lifetime_;
    std::mutex mutex_;
    std::vector<Dated> keys_;  // the newest first
};

}  // namespace bext::tls
