#include "tls/ticket_keys.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>

namespace bext::tls {

TicketKey random_ticket_key() {
    TicketKey key;
    bool made = RAND_bytes(key.name, sizeof key.name) == 1 && RAND_bytes(key.aes, sizeof key.aes) == 1 &&
                RAND_bytes(key.hmac, sizeof key.hmac) == 1;
    if (!made) std::abort();  // a guessable key would open every session
    return key;
}

std::array<TicketKey, 2> TicketKeyRing::keys(std::int64_t now, std::int64_t timeout) {
    std::lock_guard lock(mutex_);
    if (!begun_) {
        current_ = previous_ = {random_ticket_key(), now + timeout};
        begun_ = true;
    }
    if (previous_.needed_until < now) {
        previous_ = current_;
        current_ = {random_ticket_key(), 0};
    }
    current_.needed_until = std::max(current_.needed_until, now + timeout);
    return {current_.key, previous_.key};
}

TicketKeyRing& TicketKeyRing::process() {
    static TicketKeyRing ring;
    return ring;
}

}  // namespace bext::tls
