// split_clients: a variable whose values fall on given shares of a hash.
// https://nginx.org/en/docs/http/ngx_http_split_clients_module.html
#include "http/builder.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Part {
    std::uint32_t below;  // hashes up to here; 0: all that are left
    std::string value;
};

struct Split {
    Expr source;
    std::vector<Part> parts;
};

/// Austin Appleby's MurmurHash 2 with seed 0.
std::uint32_t murmur_hash_2(std::string_view text) {
    constexpr std::uint32_t kMultiplier = 0x5bd1e995;
    auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    auto hash = static_cast<std::uint32_t>(text.size());
    for (; text.size() >= 4; text.remove_prefix(4)) {
        auto word = (byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24) * kMultiplier;
        word = (word ^ word >> 24) * kMultiplier;
        hash = hash * kMultiplier ^ word;
    }
    if (text.size() == 3) hash ^= byte(2) << 16;
    if (text.size() >= 2) hash ^= byte(1) << 8;
    if (!text.empty()) hash = (hash ^ byte(0)) * kMultiplier;
    hash = (hash ^ hash >> 13) * kMultiplier;
    return hash ^ hash >> 15;
}

std::optional<std::string_view> evaluate(const Split& split, Request& r) {
    auto hash = murmur_hash_2(split.source.evaluate(r));
    for (auto& part : split.parts)
        if (hash < part.below || part.below == 0) return part.value;
    return "";
}

/// "12.34%" in hundredths; nothing when malformed or zero.
std::optional<std::uint32_t> parse_percent(std::string_view text) {
    if (!text.ends_with('%')) return std::nullopt;
    text.remove_suffix(1);
    auto dot = text.find('.');
    std::string digits(text.substr(0, dot));
    std::string fraction(dot == std::string_view::npos ? "" : text.substr(dot + 1));
    if (fraction.size() > 2) return std::nullopt;
    fraction.resize(2, '0');
    auto number = parse_decimal(digits + fraction, INT32_MAX);
    if (!number || *number == 0 || text.empty()) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

Status finish_shares(Split& split) {
    constexpr std::uint32_t kWhole = 10000;
    std::uint64_t sum = 0;
    std::uint32_t last = 0;
    for (auto& part : split.parts) {
        sum = part.below ? sum + part.below : kWhole;
        if (sum > kWhole) return conf::refuse("percent total is greater than 100%");
        if (sum == kWhole) part.below = 0;
        if (part.below) part.below = last += static_cast<std::uint32_t>(part.below * std::uint64_t{UINT32_MAX} / kWhole);
    }
    return conf::ok();
}

Status split_block(Cursor& at) {
    auto& builder = at.owner<Builder>();
    auto split = std::make_shared<Split>();
    auto source = Expr::compile(at.arg(1), builder);
    if (!source) return conf::refuse(source.error().text);
    split->source = std::move(*source);
    auto& name = at.arg(2);
    if (!name.starts_with('$') || name.size() == 1) return conf::refuse(cat({"invalid variable name \"", name, "\""}));
    auto defined = builder.define(name.substr(1), [split](Request& r) { return evaluate(*split, r); });
    if (!defined) return conf::refuse(defined.error().text);
    auto entry = [&](const std::vector<std::string>& words) -> Status {
        if (words.size() != 2) return conf::refuse("invalid number of the split_clients parameters");
        std::optional<std::uint32_t> share = 0;
        if (words[0] != "*") share = parse_percent(words[0]);
        if (!share) return conf::refuse(cat({"invalid percent value \"", words[0], "\""}));
        split->parts.push_back({*share, words[1]});
        return conf::ok();
    };
    if (auto bad = at.read_entries(entry)) return bad;
    return finish_shares(*split);
}

constexpr conf::Directive kDirectives[] = {
    {"split_clients", conf::kHttpBlock, conf::kTwo | conf::kBlock, conf::run<split_block>},
};

}  // namespace

extern constinit const Module split_clients = {
    .name = "http_split_clients",
    .directives = kDirectives,
};

}  // namespace bext::http
