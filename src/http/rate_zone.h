// RateZone: the excess of requests per key, in bounded memory (limit_req); what both limit modules read of directives.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "conf/into.h"
#include "http/expr.h"
#include "http/module.h"
#include "http/zones.h"

namespace bext::http {

class RateZone {
public:
    /// `rate`: thousandths of a request a second.
    RateZone(const ZoneSpec& spec, Expr key, std::uint64_t rate);

    const Expr key;
    const std::uint64_t rate;

    struct Entry {
        std::string key;
        std::int64_t excess = 0;  // thousandths of a request
        std::uint64_t last = 0;   // ms of the loop's clock
        std::uint32_t held = 0;   // by requests that look at further zones: not to be evicted
    };
    enum class Answer : std::uint8_t { kPass, kHeld, kOk, kBusy, kFull };

    /// Weighs a request of `key`. `account`: counts it (kOk), else its entry is held (kHeld) for account() or release().
    Answer look(std::string_view key, std::uint64_t burst, bool account, std::uint64_t& excess, Entry*& held);
    /// Counts a request whose entry was held; the excess.
    std::uint64_t account(Entry* entry);
    void release(Entry* entry);

private:
    using Entries = std::list<Entry>;
    /// What all configurations with this zone share.
    struct Table {
        std::mutex mutex;
        Entries entries;  // the most recently seen first
        std::unordered_map<std::string_view, Entries::iterator> by_key;
        std::uint64_t units = 0;  // of 64 bytes, in use

        std::string save();
        void restore(std::string_view bytes);
    };
    std::int64_t drained(const Entry& entry, std::uint64_t now, std::int64_t& ms) const;
    void expire(std::uint64_t now, bool force);

    std::uint64_t most_;  // units
    std::shared_ptr<Table> table_;
};

/// limit_req_log_level, limit_conn_log_level.
inline constexpr conf::Word kLimitLevels[] = {{"info", static_cast<std::uint32_t>(Level::kInfo)},
                                              {"notice", static_cast<std::uint32_t>(Level::kNotice)},
                                              {"warn", static_cast<std::uint32_t>(Level::kWarn)},
                                              {"error", static_cast<std::uint32_t>(Level::kError)}};
/// limit_req_status, limit_conn_status: 400 to 599.
conf::Status set_limit_status(conf::Cursor& at, conf::Setting<std::int64_t>& out);

}  // namespace bext::http
