#include "http/geo_table.h"

#include <algorithm>

namespace bext::http {
namespace {

std::string masked(const unsigned char* bytes, int size, int bits) {
    std::string out(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i) {
        int keep = std::clamp(bits - i * 8, 0, 8);
        out[static_cast<std::size_t>(i)] = static_cast<char>(static_cast<unsigned char>(out[static_cast<std::size_t>(i)]) & (0xff00 >> keep));
    }
    return out;
}

std::string dotted(std::uint32_t a) {
    auto byte = [&](int shift) { return std::to_string(a >> shift & 255); };
    return cat({byte(24), ".", byte(16), ".", byte(8), ".", byte(0)});
}

constexpr std::string_view kMapped{"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12};

}  // namespace

std::optional<std::string> GeoNetworks::add(const net::Cidr& network, const std::string& text) {
    bool v6 = network.family() == AF_INET6;
    auto& table = (v6 ? v6_ : v4_)[network.bits()];
    auto [at, fresh] = table.try_emplace(masked(network.network(), v6 ? 16 : 4, network.bits()), text);
    if (fresh) return std::nullopt;
    return std::exchange(at->second, text);
}

bool GeoNetworks::remove(const net::Cidr& network) {
    bool v6 = network.family() == AF_INET6;
    auto& lengths = v6 ? v6_ : v4_;
    auto table = lengths.find(network.bits());
    return table != lengths.end() && table->second.erase(masked(network.network(), v6 ? 16 : 4, network.bits())) != 0;
}

std::string_view GeoNetworks::find(const net::Address* address) const {
    std::string_view bytes = address ? address->bytes() : std::string_view();
    if (bytes.size() == 16 && bytes.starts_with(kMapped)) bytes.remove_prefix(12);
    if (bytes.empty()) bytes = "\xff\xff\xff\xff";
    for (auto& [bits, table] : bytes.size() == 16 ? v6_ : v4_) {
        auto at = table.find(masked(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), bits));
        if (at != table.end()) return at->second;
    }
    return {"", 0};
}

std::optional<GeoRanges::Conflict> GeoRanges::add_part(std::uint32_t first, std::uint32_t last, const std::string& text) {
    auto& ranges = parts_[first >> 16];
    auto at = std::find_if(ranges.begin(), ranges.end(), [&](auto& range) { return range.last >= first; });
    if (at == ranges.end() || last < at->first) {
        ranges.insert(at, {first, last, text});
        return std::nullopt;
    }
    if (at->first == first && at->last == last) return Conflict{true, std::exchange(at->text, text)};
    if (first < at->first || last > at->last) {
        for (auto next = std::next(at); next != ranges.end() && next->first <= last; ++next) at = next;  // nginx names the last
        return Conflict{false, cat({dotted(at->first), "-", dotted(at->last)})};
    }
    Range before{at->first, first - 1, at->text}, after{last + 1, at->last, at->text};
    bool has_before = first > at->first, has_after = last < at->last;
    *at = {first, last, text};
    if (has_after) at = std::prev(ranges.insert(std::next(at), std::move(after)));
    if (has_before) ranges.insert(at, std::move(before));
    return std::nullopt;
}

std::optional<GeoRanges::Conflict> GeoRanges::add(std::uint32_t first, std::uint32_t last, const std::string& text) {
    std::optional<Conflict> duplicate;
    for (std::uint64_t begin = first; begin <= last; begin = (begin | 0xffff) + 1) {
        auto end = std::min<std::uint64_t>(begin | 0xffff, last);
        auto conflict = add_part(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), text);
        if (conflict && !conflict->duplicate) return conflict;
        if (conflict) duplicate = std::move(conflict);
    }
    return duplicate;
}

bool GeoRanges::remove(std::uint32_t first, std::uint32_t last) {
    bool all = true;
    for (std::uint64_t begin = first; begin <= last; begin = (begin | 0xffff) + 1) {
        auto end = std::min<std::uint64_t>(begin | 0xffff, last);
        auto& ranges = parts_[static_cast<std::uint32_t>(begin >> 16)];
        auto gone = std::erase_if(ranges, [&](auto& range) { return range.first == begin && range.last == end; });
        all = all && gone != 0;
    }
    return all;
}

const std::string* GeoRanges::find(std::uint32_t address) const {
    auto part = parts_.find(address >> 16);
    if (part == parts_.end()) return nullptr;
    auto& ranges = part->second;
    auto at = std::lower_bound(ranges.begin(), ranges.end(), address, [](auto& range, std::uint32_t a) { return range.last < a; });
    return at != ranges.end() && at->first <= address ? &at->text : nullptr;
}

}  // namespace bext::http
