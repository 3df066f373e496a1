// Settings of features that bext does not have. Nothing can switch the features on (`uwsgi_pass`, `proxy_cache NAME` … are refused
// by name), so their settings are harmless alone: they are read as nginx reads them, and change nothing (docs/differences.md).
#include "http/builder.h"
#include "http/module.h"
#include "upstream/settings.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;
using upstream::joined;
using upstream::Text;

/// What would be the settings of such an upstream. Values are compiled where they would be used, as nginx does it.
struct Values {
    conf::Setting<std::vector<std::string>> values;
    conf::Setting<std::uint32_t> next{0};

    Status compile(Cursor& at) const {
        for (auto& text : *values)
            if (auto expr = Expr::compile(text, at.owner<Builder>()); !expr) return conf::refuse(expr.error().text);
        return conf::ok();
    }
};
struct Uwsgi : upstream::Settings, Values {
    Status finish(const Uwsgi& outer, Cursor& at) {
        if (auto bad = finish_settings(at, outer, "uwsgi", {{"uwsgi_hide_headers_hash", 512, 64}, {}, false})) return bad;
        return compile(at);
    }
};
struct Scgi : upstream::Settings, Values {
    Status finish(const Scgi& outer, Cursor& at) {
        if (auto bad = finish_settings(at, outer, "scgi", {{"scgi_hide_headers_hash", 512, 64}, {}, false})) return bad;
        return compile(at);
    }
};
struct Grpc : upstream::Settings, Values {
    Status finish(const Grpc&, Cursor& at) { return compile(at); }
};
struct Memcached : upstream::Settings, Values {};
/// Of the cache of the upstream N.
template <int N>
struct Cache {
    conf::Setting<std::uint32_t> use_stale{0}, methods{0};
};

Status absent(Cursor& at) {
    return conf::refuse(cat({"directive \"", at.name(), "\" is known to nginx but not supported by this version of bext"}));
}
/// A switch, or what stands in for one, that must stay off.
Status only_off(Cursor& at) { return at.arg(1) == "off" ? conf::ok() : absent(at); }
Status flag_off(Cursor& at) {
    bool on = false;
    if (auto bad = conf::Parse<bool>::from(at, on)) return bad;
    return on ? absent(at) : conf::ok();
}

/// Words that are expressions.
Status expressions(Cursor& at) {
    for (std::size_t i = 1; i < at.count(); ++i)
        if (auto expr = Expr::compile(at.arg(i), at.owner<Builder>()); !expr) return conf::refuse(expr.error().text);
    return conf::ok();
}

/// `[STATUS …] TIME` (ngx_http_file_cache_valid_set_slot).
Status cache_valid(Cursor& at) {
    auto last = at.count() - 1;
    if (!conf::parse_seconds(at.arg(last))) return conf::refuse(cat({"invalid time value \"", at.arg(last), "\""}));
    for (std::size_t i = 1; i < last; ++i) {
        auto status = parse_decimal(at.arg(i), 599);
        if (at.arg(i) != "any" && (!status || *status < 100)) return conf::refuse(cat({"invalid status \"", at.arg(i), "\""}));
    }
    return conf::ok();
}

/// `NAME VALUE [if_not_empty]`.
Status param(Cursor& at, Values& conf) {
    if (at.count() == 4 && at.arg(3) != "if_not_empty") return conf::refuse(cat({"invalid parameter \"", at.arg(3), "\""}));
    conf.values.edit().push_back(at.arg(2));
    return conf::ok();
}

Status modifier(Cursor& at) {
    std::int64_t value = 0;
    if (auto bad = conf::Parse<std::int64_t>::from(at, value)) return bad;
    return value <= 255 ? conf::ok() : conf::refuse("value must be between 0 and 255");
}

constexpr conf::Word kMethods[] = {{"GET", 1}, {"HEAD", 2}, {"POST", 4}};

template <Text P, int N>
constexpr conf::Directive kCache[] = {
    {joined<P, "cache">, conf::kHttp, conf::kOne, conf::run_once<only_off>},
    {joined<P, "cache_key">, conf::kHttp, conf::kOne, conf::run_once<expressions>},
    {joined<P, "cache_bypass">, conf::kHttp, conf::kOneOrMore, conf::run<expressions>},
    {joined<P, "no_cache">, conf::kHttp, conf::kOneOrMore, conf::run<expressions>},
    {joined<P, "cache_valid">, conf::kHttp, conf::kOneOrMore, conf::run<cache_valid>},
    {joined<P, "cache_min_uses">, conf::kHttp, conf::kOne, conf::checked<std::int64_t>},
    {joined<P, "cache_max_range_offset">, conf::kHttp, conf::kOne, conf::checked<conf::FileSize>},
    {joined<P, "cache_use_stale">, conf::kHttp, conf::kOneOrMore, conf::any_of<&Cache<N>::use_stale, upstream::kNextWords>},
    {joined<P, "cache_methods">, conf::kHttp, conf::kOneOrMore, conf::any_of<&Cache<N>::methods, kMethods>},
    {joined<P, "cache_lock">, conf::kHttp, conf::kFlag, conf::checked<bool>},
    {joined<P, "cache_lock_timeout">, conf::kHttp, conf::kOne, conf::checked<conf::Millis>},
    {joined<P, "cache_lock_age">, conf::kHttp, conf::kOne, conf::checked<conf::Millis>},
    {joined<P, "cache_revalidate">, conf::kHttp, conf::kFlag, conf::checked<bool>},
    {joined<P, "cache_background_update">, conf::kHttp, conf::kFlag, conf::checked<bool>},
};
constexpr conf::Directive kConvertHead[] = {{"proxy_cache_convert_head", conf::kHttp, conf::kFlag, conf::checked<bool>}};

constexpr conf::Directive kUwsgi[] = {
    {"uwsgi_param", conf::kHttp, conf::kTwo | conf::kThree, upstream::call<Uwsgi, param, &Values::values>},
    {"uwsgi_string", conf::kHttp, conf::kOne, conf::checked<std::string>},
    {"uwsgi_modifier1", conf::kHttp, conf::kOne, conf::run_once<modifier>},
    {"uwsgi_modifier2", conf::kHttp, conf::kOne, conf::run_once<modifier>},
};
constexpr conf::Directive kScgi[] = {{"scgi_param", conf::kHttp, conf::kTwo | conf::kThree, upstream::call<Scgi, param, &Values::values>}};
constexpr conf::Directive kGrpc[] = {{"grpc_set_header", conf::kHttp, conf::kTwo, upstream::call<Grpc, param, &Values::values>}};

constexpr conf::Directive kSwitches[] = {
    {"gunzip", conf::kHttp, conf::kFlag, conf::run_once<flag_off>},
    {"gunzip_buffers", conf::kHttp, conf::kTwo, conf::checked<conf::Buffers>},
    {"random_index", conf::kLocation, conf::kFlag, conf::run_once<flag_off>},
    {"ssl_ocsp", conf::kHttpBlock | conf::kServer, conf::kOne, conf::run_once<only_off>},
    {"ssl_certificate_compression", conf::kHttpBlock | conf::kServer, conf::kFlag, conf::run_once<flag_off>},
};

constexpr conf::Word kMemcachedNext[] = {{"error", 1}, {"timeout", 2}, {"invalid_response", 4}, {"not_found", 8}, {"off", 16}};
constexpr conf::Directive kMemcached[] = {
    {"memcached_next_upstream", conf::kHttp, conf::kOneOrMore, upstream::any_of<Memcached, &Values::next, kMemcachedNext>},
    {"memcached_gzip_flag", conf::kHttp, conf::kOne, conf::checked<std::int64_t>},
};

constexpr auto kAllUwsgi = upstream::join(upstream::join(upstream::shared_directives<Uwsgi, "uwsgi_">, kUwsgi), kCache<"uwsgi_", 2>);
constexpr auto kAllScgi = upstream::join(upstream::join(upstream::shared_directives<Scgi, "scgi_">, kScgi), kCache<"scgi_", 3>);
constexpr auto kAllGrpc =
    upstream::join(upstream::join(upstream::peer_directives<Grpc, "grpc_">, upstream::header_directives<Grpc, "grpc_">), kGrpc);
constexpr auto kAllMemcached = upstream::join(upstream::peer_directives<Memcached, "memcached_">, kMemcached);
constexpr auto kProxyCache = upstream::join(kCache<"proxy_", 0>, kConvertHead);

}  // namespace

extern const Module dormant_proxy_cache, dormant_fastcgi_cache, dormant_uwsgi, dormant_scgi, dormant_grpc, dormant_memcached, dormant_switches;

constexpr std::string_view kDormant = "bext_dormant";  // not nginx's names: -V shall not tell of modules that are not there
const Module dormant_proxy_cache = {.name = kDormant, .records = records_of<Cache<0>>, .directives = kProxyCache};
const Module dormant_fastcgi_cache = {.name = kDormant, .records = records_of<Cache<1>>, .directives = kCache<"fastcgi_", 1>};
const Module dormant_uwsgi = {.name = kDormant, .records = records_of<Uwsgi, Cache<2>>, .directives = kAllUwsgi};
const Module dormant_scgi = {.name = kDormant, .records = records_of<Scgi, Cache<3>>, .directives = kAllScgi};
const Module dormant_grpc = {.name = kDormant, .records = records_of<Grpc>, .directives = kAllGrpc};
const Module dormant_memcached = {.name = kDormant, .records = records_of<Memcached>, .directives = kAllMemcached};
const Module dormant_switches = {.name = kDormant, .directives = kSwitches};

}  // namespace bext::http
