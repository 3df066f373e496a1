#include "cli/status.h"

#include <cstdio>
#include <ctime>
#include <vector>

#include "base/counted.h"
#include "base/text.h"

namespace bext::cli {
namespace {

/// Reads what a bext-server writes, which is known to be well formed.
class Flattener {
public:
    Flattener(std::string_view json, std::map<std::string, std::string>& to) : json_(json), to_(to) {}

    void value(const std::string& path) {
        skip();
        if (at_ >= json_.size()) return;
        if (json_[at_] == '{') return object(path);
        if (json_[at_] == '[') return list(path);
        to_[path] = json_[at_] == '"' ? text() : bare();
    }

private:
    void skip() {
        while (at_ < json_.size() && (json_[at_] == ' ' || json_[at_] == ',' || json_[at_] == ':' || json_[at_] == '\n')) ++at_;
    }

    void object(const std::string& path) {
        for (++at_, skip(); at_ < json_.size() && json_[at_] != '}'; skip()) {
            auto before = at_;
            auto name = text();
            value(path.empty() ? name : path + "." + name);
            if (at_ == before) return;
        }
        ++at_;
    }

    void list(const std::string& path) {
        std::string all;
        for (++at_, skip(); at_ < json_.size() && json_[at_] != ']'; skip()) {
            auto before = at_;
            value(path);
            all += (all.empty() ? "" : ",") + to_[path];
            if (at_ == before) break;
        }
        ++at_;
        to_[path] = all;
    }

    std::string text() {
        std::string out;
        for (++at_; at_ < json_.size() && json_[at_] != '"'; ++at_) {
            if (json_[at_] != '\\') {
                out += json_[at_];
            } else if (json_.substr(at_ + 1, 1) == "u") {
                out += static_cast<char>(parse_hex(json_.substr(at_ + 2, 4)).value_or('?'));
                at_ += 5;
            } else {
                out += json_[++at_ < json_.size() ? at_ : at_ - 1];
            }
        }
        ++at_;
        return out;
    }

    std::string bare() {
        auto end = std::min(json_.find_first_of(",]} \n", at_), json_.size());
        auto out = std::string(json_.substr(at_, end - at_));
        at_ = end;
        return out;
    }

    std::string_view json_;
    std::map<std::string, std::string>& to_;
    std::size_t at_ = 0;
};

class Page {
public:
    Page(std::map<std::string, std::string> facts, std::int64_t now) : facts_(std::move(facts)), now_(now) {}

    std::string text() {
        auto name = has("version") ? cat({"bext ", fact("version")}) : std::string("bext");
        row("version", fact("as_nginx") == "true" ? name + ", in nginx's name" : name);
        if (has("compatible")) row("compatible with", "nginx " + fact("compatible"));
        row("configuration", cat({fact("configuration"), has("configuration") ? ", " : "", "generation ", fact("generation"), since("configuration_since")}));
        auto draining = fact("draining_pids");
        row("processes", cat({fact("pid"), ", worker ", fact("worker_pid") == "0" ? "none" : fact("worker_pid"), draining.empty() ? "" : ", finishing ", draining}));
        row("serves", has("began") ? since("began").substr(2) : ago(now_ - static_cast<std::int64_t>(number("uptime_ms") / 1000)));
        connections();
        row("lost", losses());
        row("last reload", event("reload", "", "reloads", "reloads_failed"));
        auto versions = fact("upgrade.from") == fact("upgrade.to") ? fact("upgrade.to") + " as before" : fact("upgrade.from") + " -> " + fact("upgrade.to");
        row("last upgrade", event("upgrade", fact("upgrade.outcome") == "ok" && !fact("upgrade.from").empty() ? versions : "", "upgrades", "upgrades_failed"));
        if (fact("upgrading") == "true") row("", "an upgrade is under way");
        return text_;
    }

private:
    bool has(const std::string& name) const { return !fact(name).empty(); }
    std::string fact(const std::string& name) const {
        auto found = facts_.find(name);
        return found == facts_.end() ? "" : found->second;
    }
    std::uint64_t number(const std::string& name) const { return parse_decimal(fact(name)).value_or(0); }
    std::string figure(const std::string& name) const { return std::to_string(number("figures." + name)); }

    void row(const char* name, const std::string& what) {
        char start[24];
        snprintf(start, sizeof start, "%-16s", name);
        text_ += start + what + "\n";
    }

    /// "2026-11-28 22:10:03 (2 days 3 h ago)"
    std::string ago(std::int64_t seconds) const {
        std::time_t time = seconds;
        std::tm parts{};
        localtime_r(&time, &parts);
        char text[32];
        strftime(text, sizeof text, "%F %T", &parts);
        return cat({"since ", text, " (", span(now_ - seconds), ")"});
    }

    static std::string span(std::int64_t seconds) {
        auto days = seconds / 86400, hours = seconds / 3600 % 24, minutes = seconds / 60 % 60;
        if (days > 0) return counted(static_cast<std::uint64_t>(days), "day") + " " + std::to_string(hours) + " h";
        if (hours > 0) return std::to_string(hours) + " h " + std::to_string(minutes) + " min";
        return minutes > 0 ? std::to_string(minutes) + " min" : std::to_string(std::max<std::int64_t>(seconds, 0)) + " s";
    }

    std::string since(const std::string& name) const { return number(name) ? ", " + ago(static_cast<std::int64_t>(number(name))) : ""; }

    void connections() {
        row("connections", cat({figure("active"), " open: ", figure("reading"), " sending a request, ", figure("writing"), " being answered, ", figure("waiting"),
                                " idle; ", figure("accepted"), " ever"}));
        std::string answers;
        for (auto* kind : {"1xx", "2xx", "3xx", "4xx", "5xx"})
            if (auto count = number(cat({"figures.responses_", kind}))) answers += cat({answers.empty() ? "" : ", ", std::to_string(count), " ", kind});
        row("requests", figure("requests") + (answers.empty() ? "" : ": " + answers));
    }

    std::string losses() const {
        struct Loss {
            const char* name;
            const char* one;
            const char* many;
            const char* how;
        };
        constexpr Loss kLosses[] = {
            {"lost", "request", "requests", "in a worker that died"},
            {"cut", "request", "requests", "ended before the answer was whole, by a deadline or a stop"},
            {"refused", "connection", "connections", "turned away for want of worker_connections or descriptors"},
            {"closed_by_reload", "connection", "connections", "closed after a reload, by worker_shutdown_timeout or with their listen"},
            {"closed_at_deadline", "connection", "connections", "closed with something in flight when the time to drain was over"},
            {"worker_deaths", "worker", "workers", "died"},
        };
        std::string text;
        for (auto& loss : kLosses)
            if (auto count = number(cat({"figures.", loss.name})))
                text += cat({text.empty() ? "" : "; ", std::to_string(count), " ", count == 1 ? loss.one : loss.many, " ", loss.how});
        return text.empty() ? "nothing, ever" : text;
    }

    /// "succeeded 2026-… (3 ever, 1 failed)"
    std::string event(const std::string& name, const std::string& what, const std::string& good, const std::string& bad) const {
        auto outcome = has(name + ".outcome") ? fact(name + ".outcome") : name == "reload" ? fact("last_reload") : "";
        auto counts = cat({std::to_string(number("figures." + good) + number("figures." + bad)), " ever, ", figure(bad), " failed"});
        if (outcome.empty() || outcome == "none") return number("figures." + good) || number("figures." + bad) ? "none in this process; " + counts : "none";
        auto at = number(name + ".at") ? ago(static_cast<std::int64_t>(number(name + ".at"))).substr(6) : "";
        auto error = fact(name + ".error");
        return cat({outcome == "ok" ? "succeeded" : "failed", at.empty() ? "" : " ", at, what.empty() ? "" : ", ", what, "; ", counts, error.empty() ? "" : "\n                ", error});
    }

    std::map<std::string, std::string> facts_;
    std::int64_t now_;
    std::string text_;
};

}  // namespace

std::map<std::string, std::string> flattened(std::string_view json) {
    std::map<std::string, std::string> facts;
    Flattener(json, facts).value("");
    return facts;
}

std::string status_for_people(const std::string& json, std::int64_t now) { return Page(flattened(json), now).text(); }

}  // namespace bext::cli
