#include "http/zones.h"

#include <algorithm>
#include <bit>
#include <mutex>

#include "base/text.h"
#include "conf/units.h"
#include "http/builder.h"

namespace bext::http {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kOwnPages = 3;  // the pool's head, the table and the log context of nginx

using Zones = std::map<std::string, ZoneRef>;

std::shared_ptr<Zones> zones(Builder& builder) { return builder.shared<Zones>("zones"); }

}  // namespace

Result<ZoneRef> name_zone(Builder& builder, const std::string& name, std::uint64_t size, std::string_view use) {
    auto& zone = (*zones(builder))[name];
    if (!zone) zone = std::make_shared<Zone>(Zone{name, std::string(use), 0, nullptr});
    if (zone->use != use) return Error{cat({"the shared memory zone \"", name, "\" is already declared for a different use"})};
    if (size && zone->size && zone->size != size)
        return Error{cat({"the size ", std::to_string(size), " of shared memory zone \"", name,
                          "\" conflicts with already declared size ", std::to_string(zone->size)})};
    if (size) zone->size = size;
    return zone;
}

conf::Status check_zones(Builder& builder, std::string_view use) {
    builder.late_checks.push_back([all = zones(builder), use = std::string(use)]() -> std::optional<std::string> {
        for (auto& [name, zone] : *all)
            if (zone->use == use && zone->size == 0) return cat({"zero size shared memory zone \"", name, "\""});
        return std::nullopt;
    });
    return conf::ok();
}

Result<ZoneSpec> parse_zone(const std::string& word) {
    auto invalid = [&] { return Error{cat({"invalid zone size \"", word, "\""})}; };
    auto text = std::string_view(word).substr(5);
    auto colon = text.find(':');
    if (colon == std::string_view::npos) return invalid();
    auto size = conf::parse_size(text.substr(colon + 1));
    if (!size) return invalid();
    if (*size < 8 * kPage) return Error{cat({"zone \"", word, "\" is too small"})};
    return ZoneSpec{std::string(text.substr(0, colon)), *size};
}

std::shared_ptr<void> surviving_zone(const std::string& identity, const std::function<std::shared_ptr<void>()>& make) {
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<void>> known;
    std::lock_guard lock(mutex);
    std::erase_if(known, [](auto& entry) { return entry.second.expired(); });
    auto& slot = known[identity];
    auto data = slot.lock();
    if (!data) slot = data = make();
    return data;
}

std::uint64_t slab_entries(std::uint64_t size, std::uint64_t entry) {
    auto pages = size / kPage - kOwnPages;
    auto each = std::bit_ceil(entry);
    return each >= kPage ? pages / ((each + kPage - 1) / kPage) : pages * (kPage / each);
}

}  // namespace bext::http
