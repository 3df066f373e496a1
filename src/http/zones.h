// Zones: named tables that all threads share and that outlive a reload: what nginx keeps in shared memory.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/warm.h"
#include "conf/directive.h"

namespace bext::http {

class Builder;

/// A zone as one configuration names it: declared with a size by one directive, used by others, in any order.
struct Zone {
    std::string name;
    std::string use;  // "limit_req": a name serves one purpose
    std::uint64_t size = 0;
    std::shared_ptr<void> data;
};
using ZoneRef = std::shared_ptr<Zone>;

/// The zone of that name; `size` 0: only used here. An error has nginx's text.
Result<ZoneRef> name_zone(Builder& builder, const std::string& name, std::uint64_t size, std::string_view use);
/// Refuses zones of that use which no directive declared.
conf::Status check_zones(Builder& builder, std::string_view use);

/// The "zone=NAME:SIZE" of `word`; `size` at least 32 KiB. An error has nginx's text.
struct ZoneSpec {
    std::string name;
    std::uint64_t size;
};
Result<ZoneSpec> parse_zone(const std::string& word);

/// The table that a configuration still in force has under `identity` (use, name, size and key), else a new one.
std::shared_ptr<void> surviving_zone(const std::string& identity, const std::function<std::shared_ptr<void>()>& make);

/// Lets the next process go on with the state of `zone`, which gives it by save() and takes it by restore(): what the
/// process before has left under `identity` is taken now.
template <class Table>
void keep_zone_warm(const std::string& identity, const std::shared_ptr<Table>& zone) {
    if (auto bytes = warm_state().take(identity)) zone->restore(*bytes);
    warm_state().keep(identity, [zone = std::weak_ptr(zone)]() -> std::optional<std::string> {
        auto alive = zone.lock();
        if (!alive) return std::nullopt;
        return alive->save();
    });
}

/// Entries of `entry` bytes that nginx's slab allocator can place in a zone of `size` bytes besides its own pages.
std::uint64_t slab_entries(std::uint64_t size, std::uint64_t entry);

}  // namespace bext::http
