// limit_conn: the number of connections with a request in progress, per key.
// https://nginx.org/en/docs/http/ngx_http_limit_conn_module.html
#include <bit>

#include "http/builder.h"
#include "http/rate_zone.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

constexpr std::string_view kUse = "limit_conn_zone";
constexpr std::uint64_t kUnit = 64;
constexpr std::uint64_t kEntry = 36;  // of nginx's node, without the key

/// Requests in progress per key, shared by all threads.
struct Table {
    std::mutex mutex;
    std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> counts;
    std::uint64_t units = 0;  // of 64 bytes, in use
};

struct CountZone {
    Expr key;
    std::uint64_t most;  // units
    std::shared_ptr<Table> table;
};

struct Limit {
    ZoneRef zone;
    std::uint32_t most = 0;
    CountZone& counts() const { return *static_cast<CountZone*>(zone->data.get()); }
};

struct Conf {
    conf::Setting<std::vector<Limit>> limits;
    conf::Setting<Level> level{Level::kError};
    conf::Setting<std::int64_t> status{status::kUnavailable};
    conf::Setting<bool> dry_run{false};
};

enum Outcome : std::uint8_t { kNone, kPassed, kRejected, kRejectedDry };
constexpr std::string_view kOutcomes[] = {"", "PASSED", "REJECTED", "REJECTED_DRY_RUN"};

std::uint64_t units_of(std::string_view key) { return std::bit_ceil(kEntry + key.size()) / kUnit; }

Status zone(Cursor& at) {
    auto& builder = at.owner<Builder>();
    auto key = Expr::compile(at.arg(1), builder);
    if (!key) return conf::refuse(key.error().text);
    if (!at.arg(2).starts_with("zone=")) return conf::refuse(cat({"invalid parameter \"", at.arg(2), "\""}));
    auto spec = parse_zone(at.arg(2));
    if (!spec) return conf::refuse(spec.error().text);
    if (spec->name.empty()) return conf::refuse(cat({"\"", at.name(), "\" must have \"zone\" parameter"}));
    auto zone = name_zone(builder, spec->name, spec->size, kUse);
    if (!zone) return conf::refuse(zone.error().text);
    if ((*zone)->data)
        return conf::refuse(cat({at.name(), " \"", spec->name, "\" is already bound to key \"",
                                 static_cast<CountZone*>((*zone)->data.get())->key.source(), "\""}));
    auto identity = cat({"limit_conn ", spec->name, " ", std::to_string(spec->size), " ", key->source()});
    auto table = surviving_zone(identity, [] { return std::make_shared<Table>(); });
    (*zone)->data = std::make_shared<CountZone>(
        CountZone{std::move(*key), slab_entries(spec->size, kUnit), std::static_pointer_cast<Table>(table)});
    return conf::ok();
}

Status limit(Cursor& at, Conf& conf) {
    auto zone = name_zone(at.owner<Builder>(), at.arg(1), 0, kUse);
    if (!zone) return conf::refuse(zone.error().text);
    auto& list = conf.limits.edit();
    for (auto& other : list)
        if (other.zone == *zone) return conf::directive_is("is duplicate");
    auto most = parse_decimal(at.arg(2));
    if (!most || *most == 0) return conf::refuse(cat({"invalid number of connections \"", at.arg(2), "\""}));
    if (*most > 65535) return conf::refuse("connection limit must be less 65536");
    list.push_back({*zone, static_cast<std::uint32_t>(*most)});
    return conf::ok();
}

/// One counted request; gives its place back when the request ends.
class Place {
public:
    Place(std::shared_ptr<Table> table, std::string_view key) : table_(std::move(table)), key_(key) {}
    Place(const Place&) = delete;
    ~Place() { give_back(); }
    void give_back() {
        if (!table_) return;
        auto table = std::move(table_);
        std::lock_guard lock(table->mutex);
        auto at = table->counts.find(key_);
        if (--at->second != 0) return;
        table->units -= units_of(key_);
        table->counts.erase(at);
    }

private:
    std::shared_ptr<Table> table_;
    std::string key_;
};

enum class Answer { kTaken, kBusy, kFull };

Answer take_place(CountZone& zone, std::string_view key, std::uint32_t most) {
    auto& table = *zone.table;
    std::lock_guard lock(table.mutex);
    auto at = table.counts.find(key);
    if (at != table.counts.end()) {
        if (at->second >= most) return Answer::kBusy;
        ++at->second;
        return Answer::kTaken;
    }
    auto units = units_of(key);
    if (table.units + units > zone.most) return Answer::kFull;
    table.units += units;
    table.counts.emplace(key, 1);
    return Answer::kTaken;
}

Verdict check(Request& r) {
    auto& conf = r.conf<Conf>();
    auto& outcome = r.main.limit_conn_outcome;
    if (outcome != kNone) return Verdict::pass();
    List<Place*> places(r.arena);
    for (auto& limit : *conf.limits) {
        auto& zone = limit.counts();
        auto key = zone.key.evaluate(r);
        if (key.empty()) continue;
        if (key.size() > 255) {
            r.log(Level::kError, r.arena.cat({"the value of the \"", zone.key.source(), "\" key is more than 255 bytes: \"", key, "\""}));
            continue;
        }
        outcome = kPassed;
        auto answer = take_place(zone, key, limit.most);
        if (answer == Answer::kTaken) {
            places.push(r.main.arena.make<Place>(zone.table, key));
            continue;
        }
        if (answer == Answer::kBusy)
            r.log(*conf.level, r.arena.cat({"limiting connections", *conf.dry_run ? ", dry run," : "", " by zone \"", limit.zone->name, "\""}));
        for (auto* place : places) place->give_back();
        outcome = *conf.dry_run ? kRejectedDry : kRejected;
        return *conf.dry_run ? Verdict::pass() : Verdict::status(static_cast<int>(*conf.status));
    }
    return Verdict::pass();
}

std::optional<std::string_view> outcome_text(Request& r, std::string_view) {
    if (r.main.limit_conn_outcome == kNone) return std::nullopt;
    return kOutcomes[r.main.limit_conn_outcome];
}

Status prepare(Cursor&, Builder& builder) { return check_zones(builder, kUse); }

Status set_status(Cursor& at, Conf& conf) { return set_limit_status(at, conf.status); }

constexpr conf::Directive kDirectives[] = {
    {"limit_conn_zone", conf::kHttpBlock, conf::kTwo, conf::run<zone>},
    {"limit_conn", conf::kHttp, conf::kTwo, conf::call<limit, &Conf::limits>},
    {"limit_conn_log_level", conf::kHttp, conf::kOne, conf::one_of<&Conf::level, kLimitLevels>},
    {"limit_conn_status", conf::kHttp, conf::kOne, conf::call<set_status, &Conf::status>},
    {"limit_conn_dry_run", conf::kHttp, conf::kFlag, conf::into<&Conf::dry_run>},
};

constexpr Variable kVariables[] = {{"limit_conn_status", outcome_text, false}};

}  // namespace

extern constinit const Module limit_conn = {
    .name = "http_limit_conn",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .variables = kVariables,
    .preaccess = check,
    .prepare = prepare,
};

}  // namespace bext::http
