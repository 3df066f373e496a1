#include "http/rate_zone.h"

#include <algorithm>
#include <bit>

#include "base/wire.h"
#include "net/loop.h"

namespace bext::http {
namespace {

constexpr std::uint64_t kUnit = 64;
constexpr std::uint64_t kEntry = 80;  // of nginx's node, without the key

std::uint64_t units_of(std::string_view key) { return std::bit_ceil(kEntry + key.size()) / kUnit; }

/// Milliseconds since `last`; a clock that went back counts as no time (ngx_http_limit_req_lookup).
std::int64_t elapsed(std::uint64_t now, std::uint64_t last) {
    auto ms = static_cast<std::int64_t>(now - last);
    return ms < -60000 ? 1 : std::max<std::int64_t>(ms, 0);
}

}  // namespace

RateZone::RateZone(const ZoneSpec& spec, Expr key_of, std::uint64_t rate_of)
    : key(std::move(key_of)), rate(rate_of), most_(slab_entries(spec.size, kUnit)) {
    auto identity = cat({"limit_req ", spec.name, " ", std::to_string(spec.size), " ", key.source()});
    table_ = std::static_pointer_cast<Table>(surviving_zone(identity, [&] {
        auto table = std::make_shared<Table>();
        keep_zone_warm(identity, table);
        return table;
    }));
}

std::string RateZone::Table::save() {
    std::lock_guard lock(mutex);
    WireWriter wire;
    wire.list(entries, [&](const Entry& entry) {
        wire.text(entry.key);
        wire.number(entry.excess);
        wire.number(entry.last);
    });
    return wire.take();
}

void RateZone::Table::restore(std::string_view bytes) {
    std::lock_guard lock(mutex);
    WireReader wire(bytes);
    wire.list([&] {
        auto& entry = entries.emplace_back();
        wire.text(entry.key);
        wire.number(entry.excess);
        wire.number(entry.last);
        by_key.emplace(entry.key, std::prev(entries.end()));
        units += units_of(entry.key);
    });
}

std::int64_t RateZone::drained(const Entry& entry, std::uint64_t now, std::int64_t& ms) const {
    ms = elapsed(now, entry.last);
    return std::max<std::int64_t>(entry.excess - static_cast<std::int64_t>(rate) * ms / 1000 + 1000, 0);
}

RateZone::Answer RateZone::look(std::string_view name, std::uint64_t burst, bool account, std::uint64_t& excess, Entry*& held) {
    auto now = net::Loop::current().now();
    auto& table = *table_;
    std::lock_guard lock(table.mutex);
    auto found = table.by_key.find(name);
    if (found != table.by_key.end()) {
        table.entries.splice(table.entries.begin(), table.entries, found->second);
        auto& entry = *found->second;
        std::int64_t ms;
        auto weight = drained(entry, now, ms);
        excess = static_cast<std::uint64_t>(weight);
        if (excess > burst) return Answer::kBusy;
        if (account) {
            entry.excess = weight;
            if (ms) entry.last = now;
            return Answer::kOk;
        }
        ++entry.held;
        held = &entry;
        return Answer::kHeld;
    }
    excess = 0;
    auto units = units_of(name);
    expire(now, false);
    if (table.units + units > most_) expire(now, true);
    if (table.units + units > most_) {
        process_log().write(Level::kAlert, "could not allocate node in limit_req zone");
        return Answer::kFull;
    }
    auto& entry = table.entries.emplace_front();
    entry.key = name;
    table.by_key.emplace(entry.key, table.entries.begin());
    table.units += units;
    if (account) {
        entry.last = now;
        return Answer::kOk;
    }
    entry.held = 1;
    held = &entry;
    return Answer::kHeld;
}

std::uint64_t RateZone::account(Entry* entry) {
    std::lock_guard lock(table_->mutex);
    auto now = net::Loop::current().now();
    std::int64_t ms;
    entry->excess = drained(*entry, now, ms);
    if (ms) entry->last = now;
    --entry->held;
    return static_cast<std::uint64_t>(entry->excess);
}

void RateZone::release(Entry* entry) {
    std::lock_guard lock(table_->mutex);
    --entry->held;
}

/// Removes the least recently seen entry when forced, and up to two whose excess has drained.
void RateZone::expire(std::uint64_t now, bool force) {
    auto& table = *table_;
    for (int n = force ? 0 : 1; n < 3 && !table.entries.empty(); ++n) {
        auto& oldest = table.entries.back();
        if (oldest.held) return;
        if (n != 0) {
            auto ms = std::abs(static_cast<std::int64_t>(now - oldest.last));
            if (ms < 60000 || oldest.excess - static_cast<std::int64_t>(rate) * ms / 1000 > 0) return;
        }
        table.units -= units_of(oldest.key);
        table.by_key.erase(oldest.key);
        table.entries.pop_back();
    }
}

conf::Status set_limit_status(conf::Cursor& at, conf::Setting<std::int64_t>& out) {
    if (out.is_set()) return conf::directive_is("is duplicate");
    std::int64_t value;
    if (auto bad = conf::Parse<std::int64_t>::from(at, value)) return bad;
    if (value < 400 || value > 599) return conf::refuse("value must be between 400 and 599");
    out.set(value);
    return conf::ok();
}

}  // namespace bext::http
