#include "http/pace.h"

#include "http/core_conf.h"
#include "http/request.h"
#include "net/loop.h"

namespace bext::http {

std::uint64_t allowance(Request& r, std::uint64_t sent, std::uint64_t& wait_ms) {
    auto& client = r.conf<Client>();
    if (!r.limit_rate_set) {
        r.limit_rate_set = true;
        r.limit_rate = conf::parse_size(client.limit_rate->evaluate(r)).value_or(0);
    }
    if (!r.limit_rate) return UINT64_MAX;
    if (!r.limit_rate_after_set) {
        r.limit_rate_after_set = true;
        r.limit_rate_after = conf::parse_size(client.limit_rate_after->evaluate(r)).value_or(0);
    }
    auto seconds = static_cast<std::uint64_t>(net::Loop::current().unix_seconds() - r.start_ms / 1000 + 1);
    auto allowed = r.limit_rate * seconds + r.limit_rate_after;
    if (allowed > sent) return allowed - sent;
    wait_ms = (sent - allowed) * 1000 / r.limit_rate + 1;
    return 0;
}

}  // namespace bext::http
