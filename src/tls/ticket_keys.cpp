#include "tls/ticket_keys.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/warm.h"
#include "base/wire.h"

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
    static TicketKeyRing* ring = [] {
        auto* made = new TicketKeyRing;
        if (auto bytes = warm_state().take("tls ticket keys")) made->restore(*bytes);
        warm_state().keep("tls ticket keys", [made] { return std::optional(made->save()); });
        return made;
    }();
    return *ring;
}

std::string TicketKeyRing::save() {
    std::lock_guard lock(mutex_);
    WireWriter wire;
    for (auto* one : {&current_, &previous_}) {
        wire.text({reinterpret_cast<const char*>(&one->key), begun_ ? sizeof one->key : 0});
        wire.number(one->needed_until);
    }
    return wire.take();
}

void TicketKeyRing::restore(std::string_view bytes) {
    WireReader wire(bytes);
    Aging read[2];
    for (auto& one : read) {
        auto key = wire.text();
        wire.number(one.needed_until);
        if (key.size() != sizeof one.key) return;
        std::memcpy(&one.key, key.data(), key.size());
    }
    if (!wire.at_end()) return;
    std::lock_guard lock(mutex_);
    current_ = read[0];
    previous_ = read[1];
    begun_ = true;
}

}  // namespace bext::tls
