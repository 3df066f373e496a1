// limit_req: the rate of requests per key, a leaky bucket.
// https://nginx.org/en/docs/http/ngx_http_limit_req_module.html
#include "http/builder.h"
#include "http/rate_zone.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

constexpr std::string_view kUse = "limit_req";

struct Limit {
    ZoneRef zone;
    std::uint64_t burst = 0, delay = 0;  // thousandths of a request
    RateZone& table() const { return *static_cast<RateZone*>(zone->data.get()); }
};

struct Conf {
    conf::Setting<std::vector<Limit>> limits;
    conf::Setting<Level> level{Level::kError};
    conf::Setting<std::int64_t> status{status::kUnavailable};
    conf::Setting<bool> dry_run{false};
};

enum Outcome : std::uint8_t { kNone, kPassed, kDelayed, kRejected, kDelayedDry, kRejectedDry };
constexpr std::string_view kOutcomes[] = {"", "PASSED", "DELAYED", "REJECTED", "DELAYED_DRY_RUN", "REJECTED_DRY_RUN"};

/// "10r/s", "30r/m" in thousandths of a request a second; nothing when malformed.
std::optional<std::uint64_t> parse_rate(std::string_view text) {
    std::uint64_t scale = text.ends_with("r/m") ? 60 : 1;
    if (text.ends_with("r/s") || text.ends_with("r/m")) text.remove_suffix(3);
    auto rate = parse_decimal(text);
    if (!rate || *rate == 0) return std::nullopt;
    return *rate * 1000 / scale;
}

Status zone(Cursor& at) {
    auto& builder = at.owner<Builder>();
    auto key = Expr::compile(at.arg(1), builder);
    if (!key) return conf::refuse(key.error().text);
    ZoneSpec spec{};
    std::uint64_t rate = 1000;
    for (std::size_t i = 2; i < at.count(); ++i) {
        auto& word = at.arg(i);
        if (word.starts_with("zone=")) {
            auto found = parse_zone(word);
            if (!found) return conf::refuse(found.error().text);
            spec = *found;
        } else if (word.starts_with("rate=")) {
            auto found = parse_rate(std::string_view(word).substr(5));
            if (!found) return conf::refuse(cat({"invalid rate \"", word, "\""}));
            rate = *found;
        } else {
            return conf::refuse(cat({"invalid parameter \"", word, "\""}));
        }
    }
    if (spec.name.empty()) return conf::refuse(cat({"\"", at.name(), "\" must have \"zone\" parameter"}));
    auto zone = name_zone(builder, spec.name, spec.size, kUse);
    if (!zone) return conf::refuse(zone.error().text);
    if ((*zone)->data)
        return conf::refuse(cat({at.name(), " \"", spec.name, "\" is already bound to key \"",
                                 static_cast<RateZone*>((*zone)->data.get())->key.source(), "\""}));
    (*zone)->data = std::make_shared<RateZone>(spec, std::move(*key), rate);
    return conf::ok();
}

Status limit(Cursor& at, Conf& conf) {
    Limit made;
    std::uint64_t burst = 0, delay = 0;
    auto positive = [&](const std::string& word, std::uint64_t& out) {
        auto number = parse_decimal(std::string_view(word).substr(6), INT64_MAX / 1000);
        if (number) out = *number;
        return number && out > 0;
    };
    for (std::size_t i = 1; i < at.count(); ++i) {
        auto& word = at.arg(i);
        if (word.starts_with("zone=")) {
            auto zone = name_zone(at.owner<Builder>(), word.substr(5), 0, kUse);
            if (!zone) return conf::refuse(zone.error().text);
            made.zone = *zone;
        } else if (word.starts_with("burst=")) {
            if (!positive(word, burst)) return conf::refuse(cat({"invalid burst value \"", word, "\""}));
        } else if (word.starts_with("delay=")) {
            if (!positive(word, delay)) return conf::refuse(cat({"invalid delay value \"", word, "\""}));
        } else if (word == "nodelay") {
            delay = INT64_MAX / 1000;
        } else {
            return conf::refuse(cat({"invalid parameter \"", word, "\""}));
        }
    }
    if (!made.zone) return conf::refuse(cat({"\"", at.name(), "\" must have \"zone\" parameter"}));
    auto& list = conf.limits.edit();
    for (auto& other : list)
        if (other.zone == made.zone) return conf::directive_is("is duplicate");
    made.burst = burst * 1000;
    made.delay = delay * 1000;
    list.push_back(std::move(made));
    return conf::ok();
}

/// What the zones say of a request; the entries of all but the last are held until the whole is known.
class Weighing {
public:
    Weighing(Request& r, const std::vector<Limit>& limits) : request_(r), limits_(limits), held_(r.arena) {}

    RateZone::Answer look() {
        auto answer = RateZone::Answer::kPass;
        for (at_ = 0; at_ < limits_.size(); ++at_) {
            last_ = &limits_[at_];
            auto& table = last_->table();
            auto key = table.key.evaluate(request_);
            held_.push(nullptr);
            if (key.empty()) continue;
            if (key.size() > 65535) {
                request_.log(Level::kError, request_.arena.cat({"the value of the \"", table.key.source(),
                                                                "\" key is more than 65535 bytes: \"", key, "\""}));
                continue;
            }
            bool account = at_ + 1 == limits_.size();
            answer = table.look(key, last_->burst, account, excess, held_[at_]);
            if (answer != RateZone::Answer::kHeld) break;
        }
        if (answer == RateZone::Answer::kHeld) excess = 0;
        return answer;
    }
    void release() {
        for (std::size_t i = 0; i < at_; ++i)
            if (held_[i]) limits_[i].table().release(held_[i]);
    }
    /// Counts the request in the zones that were only looked at; the longest delay in milliseconds.
    std::uint64_t account() {
        std::uint64_t longest = excess <= last_->delay ? 0 : (excess - last_->delay) * 1000 / last_->table().rate;
        for (auto i = at_; i-- > 0;) {
            if (!held_[i]) continue;
            auto own = limits_[i].table().account(held_[i]);
            if (own <= limits_[i].delay) continue;
            auto delay = (own - limits_[i].delay) * 1000 / limits_[i].table().rate;
            if (delay <= longest) continue;
            longest = delay;
            excess = own;
            last_ = &limits_[i];
        }
        return longest;
    }
    void log(Level level, std::string_view what, std::string_view by, bool dry_run) {
        char number[40];
        auto n = snprintf(number, sizeof number, "%llu.%03llu", static_cast<unsigned long long>(excess / 1000),
                          static_cast<unsigned long long>(excess % 1000));
        request_.log(level, request_.arena.cat({what, dry_run ? ", dry run" : "", ", excess: ", {number, static_cast<std::size_t>(n)},
                                                by, last_->zone->name, "\""}));
    }
    std::uint64_t excess = 0;

private:
    Request& request_;
    const std::vector<Limit>& limits_;
    List<RateZone::Entry*> held_;
    std::size_t at_ = 0;
    const Limit* last_ = nullptr;
};

Task<Verdict> check(Request& r) {
    auto& conf = r.conf<Conf>();
    auto& outcome = r.main.limit_req_outcome;
    if (outcome != kNone || conf.limits->empty()) co_return Verdict::pass();
    bool dry = *conf.dry_run;
    Weighing weighing(r, *conf.limits);
    auto answer = weighing.look();
    if (answer == RateZone::Answer::kPass) co_return Verdict::pass();
    if (answer == RateZone::Answer::kBusy || answer == RateZone::Answer::kFull) {
        if (answer == RateZone::Answer::kBusy) weighing.log(*conf.level, "limiting requests", " by zone \"", dry);
        weighing.release();
        outcome = dry ? kRejectedDry : kRejected;
        co_return dry ? Verdict::pass() : Verdict::status(static_cast<int>(*conf.status));
    }
    auto delay = weighing.account();
    outcome = kPassed;
    if (delay == 0) co_return Verdict::pass();
    auto level = *conf.level == Level::kInfo ? Level::kInfo : static_cast<Level>(static_cast<int>(*conf.level) + 1);
    weighing.log(level, "delaying request", ", by zone \"", dry);
    outcome = dry ? kDelayedDry : kDelayed;
    if (dry) co_return Verdict::pass();
    bool there = co_await r.pause(delay);
    co_return there ? Verdict::pass() : Verdict::status(status::kClientClosed);
}

std::optional<std::string_view> outcome_text(Request& r, std::string_view) {
    if (r.main.limit_req_outcome == kNone) return std::nullopt;
    return kOutcomes[r.main.limit_req_outcome];
}

Status prepare(Cursor&, Builder& builder) { return check_zones(builder, kUse); }

Status set_status(Cursor& at, Conf& conf) { return set_limit_status(at, conf.status); }

constexpr conf::Directive kDirectives[] = {
    {"limit_req_zone", conf::kHttpBlock, conf::kThree, conf::run<zone>},
    {"limit_req", conf::kHttp, conf::kOne | conf::kTwo | conf::kThree, conf::call<limit, &Conf::limits>},
    {"limit_req_log_level", conf::kHttp, conf::kOne, conf::one_of<&Conf::level, kLimitLevels>},
    {"limit_req_status", conf::kHttp, conf::kOne, conf::call<set_status, &Conf::status>},
    {"limit_req_dry_run", conf::kHttp, conf::kFlag, conf::into<&Conf::dry_run>},
};

constexpr Variable kVariables[] = {{"limit_req_status", outcome_text, false}};

}  // namespace

extern constinit const Module limit_req = {
    .name = "http_limit_req",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .variables = kVariables,
    .preaccess = check,
    .prepare = prepare,
};

}  // namespace bext::http
