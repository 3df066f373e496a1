#include "cli/numbers.h"

#include <time.h>

#include <algorithm>

#include "base/json.h"
#include "base/series.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/status.h"
#include "supervisor/control.h"

namespace bext::cli {
namespace {

constexpr unsigned kFresh = 5, kMinute = 60;  // seconds between two readings that somebody waits for, and between two that are kept
constexpr std::size_t kHour = 60;
constexpr int kPatience = 3000;  // ms

std::uint64_t number(const std::map<std::string, std::string>& facts, const char* name) {
    auto found = facts.find(name);
    return found == facts.end() ? 0 : parse_decimal(found->second).value_or(0);
}

/// The rows of {"next":N,"rows":[…]}, without the brackets; `next` becomes N, or 0 at the end.
std::string rows_of(const std::string& page, std::uint64_t& next) {
    constexpr std::string_view kStart = "{\"next\":", kRows = ",\"rows\":[";
    auto rows = page.find(kRows);
    next = 0;
    if (!page.starts_with(kStart) || rows == std::string::npos || !page.ends_with("]}\n")) return {};
    next = parse_decimal(std::string_view(page).substr(kStart.size(), rows - kStart.size())).value_or(0);
    return page.substr(rows + kRows.size(), page.size() - rows - kRows.size() - 3);
}

}  // namespace

std::optional<dashboard::Sample> Numbers::ask() {
    auto text = ask_status();
    if (!text) return std::nullopt;
    auto facts = flattened(*text);
    Totals totals{number(facts, "figures.requests"), number(facts, "figures.responses_5xx"), number(facts, "answers.count"), number(facts, "answers.milliseconds")};
    bool wanted;
    {
        std::lock_guard lock(mutex_);
        if (facts["began"] != std::exchange(began_, facts["began"])) {  // another service counts from zero
            hour_.clear();
            before_.reset();
        }
        status_ = *text;
        reason_.clear();
        wanted = wanted_;
    }
    if (ticks_ % kMinute == 0 || (wanted && ticks_ % kFresh == 0)) ask_series(*pid_);
    ++ticks_;
    auto before = std::exchange(before_, totals);
    if (!before || std::exchange(missed_, false)) return std::nullopt;
    auto answers = totals.answers - before->answers;
    return dashboard::Sample{0, totals.requests - before->requests, totals.errors - before->errors,
                             answers ? (totals.milliseconds - before->milliseconds) / answers : 0, false};
}

/// After an upgrade it is another process, which is looked for.
std::optional<std::string> Numbers::ask_status() {
    std::string reason;
    for (int tries = 0; tries < 2; ++tries) {
        if (!pid_) {
            auto found = find_server(pid_file_);
            if (!found) return forget(found.error().text), std::nullopt;
            pid_ = *found;
        }
        auto text = server_status(*pid_);
        if (text) return *std::move(text);
        reason = text.error().text;
        pid_.reset();
    }
    return forget(reason), std::nullopt;
}

void Numbers::forget(const std::string& reason) {
    missed_ = true;
    std::lock_guard lock(mutex_);
    status_.clear();
    reason_ = reason;
    now_ = {0, ""};
}

void Numbers::ask_series(pid_t pid) {
    std::string rows;
    std::uint64_t next = 0;
    do {
        auto page = supervisor::ask(pid, "series " + std::to_string(next), kPatience);
        if (!page || !*page) break;  // an older server has none
        auto more = rows_of(**page, next);
        rows += (rows.empty() || more.empty() ? "" : ",") + more;
    } while (next);
    std::lock_guard lock(mutex_);
    now_ = {::time(nullptr), "[" + rows + "]"};
    wanted_ = false;
    if (!hour_.empty() && now_.time - hour_.back().time < kMinute) return;
    hour_.push_back(now_);
    if (hour_.size() > kHour + 1) hour_.pop_front();
}

std::string Numbers::server() const {
    std::lock_guard lock(mutex_);
    return status_;
}

std::string Numbers::status() const {
    std::lock_guard lock(mutex_);
    if (status_.empty()) return cat({"\"server\":null,\"text\":\"\",\"reason\":", json_text(reason_)});
    return cat({"\"server\":", status_, ",\"text\":", json_text(status_for_people(status_, ::time(nullptr))), ",\"reason\":\"\""});
}

std::string Numbers::series() {
    std::lock_guard lock(mutex_);
    wanted_ = true;
    if (now_.rows.empty()) return "{\"series\":null}\n";
    std::string bounds;
    for (auto bound : kSeriesBounds) bounds += (bounds.empty() ? "" : ",") + std::to_string(bound);
    return cat({"{\"series\":", now_.rows, ",\"before\":", hour_.front().rows, ",\"seconds\":", std::to_string(now_.time - hour_.front().time), ",\"bounds\":[",
                bounds, "]}\n"});
}

}  // namespace bext::cli
