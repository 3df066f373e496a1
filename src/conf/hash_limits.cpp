#include "conf/hash_limits.h"

#include <algorithm>

#include "base/text.h"

namespace bext::conf {
namespace {

constexpr std::uint64_t kPointer = sizeof(void*), kCacheLine = 64;

std::uint64_t aligned(std::uint64_t size, std::uint64_t to) { return (size + to - 1) / to * to; }

/// What an element takes in a bucket.
std::uint64_t element(std::string_view key) { return kPointer + aligned(key.size() + 2, kPointer); }

std::uint64_t hash(std::string_view key) {
    std::uint64_t value = 0;
    for (unsigned char c : key) value = value * 31 + c;
    return value;
}

/// Whether all fit into `size` buckets.
bool fits(std::uint64_t size, std::uint64_t bucket, const std::vector<std::uint64_t>& hashes, const std::vector<std::string_view>& keys) {
    std::vector<std::uint64_t> used(size);
    for (std::size_t i = 0; i < keys.size(); ++i)
        if ((used[hashes[i] % size] += element(keys[i])) > bucket) return false;
    return true;
}

Status could_not(std::string text) { return Refusal{"could not build " + std::move(text), Refusal::Kind::kComplete}; }

}  // namespace

HashLimits hash_limits(std::string_view name, const Setting<std::int64_t>& max_size, const Setting<std::int64_t>& bucket_size) {
    return {name, static_cast<std::uint64_t>(*max_size), aligned(static_cast<std::uint64_t>(*bucket_size), kCacheLine)};
}

Status check_hash(const HashLimits& limits, const std::vector<std::string_view>& keys, const std::function<void(std::string)>& warn) {
    auto max = std::to_string(limits.max_size), bucket = std::to_string(limits.bucket_size);
    if (limits.max_size == 0) return could_not(cat({limits.name, ", you should increase ", limits.name, "_max_size: ", max}));
    if (limits.bucket_size > 65536 - kCacheLine)
        return could_not(cat({limits.name, ", too large ", limits.name, "_bucket_size: ", bucket}));
    for (auto key : keys)
        if (limits.bucket_size < element(key) + kPointer)
            return could_not(cat({limits.name, ", you should increase ", limits.name, "_bucket_size: ", bucket}));
    if (!warn || keys.empty()) return ok();
    std::vector<std::uint64_t> hashes;
    for (auto key : keys) hashes.push_back(hash(key));
    auto room = limits.bucket_size - kPointer;
    auto size = std::max<std::uint64_t>(1, keys.size() / (room / (2 * kPointer)));
    if (limits.max_size > 10000 && limits.max_size / keys.size() < 100) size = limits.max_size - 1000;
    while (size <= limits.max_size && !fits(size, room, hashes, keys)) ++size;
    if (size > limits.max_size)
        warn(cat({"could not build optimal ", limits.name, ", you should increase either ", limits.name, "_max_size: ", max, " or ",
                  limits.name, "_bucket_size: ", bucket, "; ignoring ", limits.name, "_bucket_size"}));
    return ok();
}

Status check_wildcard_hash(const HashLimits& limits, const std::vector<std::string_view>& names,
                           const std::function<void(std::string)>& warn) {
    std::vector<std::string_view> whole, labels;
    for (auto name : names) {
        bool wildcard = name.starts_with('.') || name.starts_with("*.") || name.ends_with(".*");
        if (!wildcard) whole.push_back(name);
        if (wildcard)
            for (auto label : split(name, '.'))
                if (!label.empty() && label != "*") labels.push_back(label);
    }
    if (!whole.empty())
        if (auto bad = check_hash(limits, whole, warn)) return bad;
    return labels.empty() ? ok() : check_hash(limits, labels);
}

}  // namespace bext::conf
