// map: variables whose values depend on another string.
// https://nginx.org/en/docs/http/ngx_http_map_module.html
#include "conf/hash_limits.h"
#include "http/builder.h"
#include "http/module.h"
#include "http/wildcards.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Conf {
    conf::Setting<std::int64_t> hash_max_size{2048}, hash_bucket_size{64};
};

struct Map {
    Expr source;
    bool hostnames = false;
    bool is_volatile = false;
    Wildcards names;  // each with its place in `values`
    struct Pattern {
        std::shared_ptr<const Regex> regex;
        std::uint32_t value;
    };
    std::vector<Pattern> patterns;
    std::vector<Expr> values;
    std::optional<std::uint32_t> fallback;
    std::vector<std::string> keys;  // while it is read

    const Expr* find(Request& r, std::string_view key) const;
    std::optional<std::string_view> evaluate(Request& r) const;
};

const Expr* Map::find(Request& r, std::string_view key) const {
    if (auto found = names.find(key)) return &values[*found];
    if (!key.empty())
        for (auto& pattern : patterns)
            if (r.match(*pattern.regex, key)) return &values[pattern.value];
    return fallback ? &values[*fallback] : nullptr;
}

std::optional<std::string_view> Map::evaluate(Request& r) const {
    auto key = source.evaluate(r);
    if (hostnames && key.ends_with('.')) key.remove_suffix(1);
    auto* value = find(r, key);
    return value ? value->evaluate(r) : std::string_view("");
}

Status read_key(Cursor& at, Map& map, std::string_view key, std::uint32_t value) {
    if (key == "default") {
        if (map.fallback) return conf::refuse("duplicate default map parameter");
        map.fallback = value;
        return conf::ok();
    }
    if (key.starts_with('~')) {
        bool ignore_case = key.starts_with("~*");
        auto regex = at.owner<Builder>().regex(at, std::string(key.substr(ignore_case ? 2 : 1)), ignore_case);
        if (!regex) return conf::refuse(regex.error().text);
        map.patterns.push_back({*regex, value});
        return conf::ok();
    }
    if (key.starts_with('\\')) key.remove_prefix(1);
    switch (map.names.add(key, value, map.hostnames)) {
        case Wildcards::Added::kYes: map.keys.push_back(lower(key)); return conf::ok();
        case Wildcards::Added::kInvalid: return conf::refuse(cat({"invalid hostname or wildcard \"", key, "\""}));
        case Wildcards::Added::kConflict: break;
    }
    return conf::refuse(cat({"conflicting parameter \"", key, "\""}));
}

Status read_entry(Cursor& at, Map& map, const std::vector<std::string>& words) {
    if (words.size() == 1 && words[0] == "hostnames") {
        map.hostnames = true;
        return conf::ok();
    }
    if (words.size() == 1 && words[0] == "volatile") {
        map.is_volatile = true;
        return conf::ok();
    }
    if (words.size() != 2) return conf::refuse("invalid number of the map parameters");
    auto value = Expr::compile(words[1], at.owner<Builder>());
    if (!value) return conf::refuse(value.error().text);
    map.values.push_back(std::move(*value));
    return read_key(at, map, words[0], static_cast<std::uint32_t>(map.values.size() - 1));
}

/// nginx settles its hash's sizes with the first map: the directives come before it.
void settle_sizes(Conf& conf) {
    if (!conf.hash_max_size.is_set()) conf.hash_max_size.set(*conf.hash_max_size);
    if (!conf.hash_bucket_size.is_set()) conf.hash_bucket_size.set(*conf.hash_bucket_size);
}

Status check_keys(Cursor& at, const Conf& conf, Map& map) {
    auto own = std::exchange(map.keys, {});
    std::vector<std::string_view> keys(own.begin(), own.end());
    auto limits = conf::hash_limits("map_hash", conf.hash_max_size, conf.hash_bucket_size);
    auto warn = [&](std::string text) { at.warn_plain(std::move(text)); };
    if (keys.empty()) return conf::ok();
    return map.hostnames ? conf::check_wildcard_hash(limits, keys, warn) : conf::check_hash(limits, keys, warn);
}

Status map_block(Cursor& at, Conf& conf) {
    settle_sizes(conf);
    auto& builder = at.owner<Builder>();
    auto map = std::make_shared<Map>();
    auto source = Expr::compile(at.arg(1), builder);
    if (!source) return conf::refuse(source.error().text);
    map->source = std::move(*source);
    std::string name = at.arg(2);
    if (!name.starts_with('$')) return conf::refuse(cat({"invalid variable name \"", name, "\""}));
    name.erase(0, 1);
    if (name.empty()) return conf::refuse("invalid variable name \"$\"");
    auto defined = builder.define(name, [map](Request& r) { return map->evaluate(r); });
    if (!defined) return conf::refuse(defined.error().text);
    if (auto bad = at.read_entries([&](auto& words) { return read_entry(at, *map, words); })) return bad;
    if (map->is_volatile) builder.site->variables[builder.variable(name)].cached = false;
    return check_keys(at, conf, *map);
}

constexpr conf::Directive kDirectives[] = {
    {"map", conf::kHttpBlock, conf::kTwo | conf::kBlock, conf::call<map_block>},
    {"map_hash_max_size", conf::kHttpBlock, conf::kOne, conf::into<&Conf::hash_max_size>},
    {"map_hash_bucket_size", conf::kHttpBlock, conf::kOne, conf::into<&Conf::hash_bucket_size>},
};

}  // namespace

extern constinit const Module map_module = {
    .name = "http_map",
    .records = records_of<Conf>,
    .directives = kDirectives,
};

}  // namespace bext::http
