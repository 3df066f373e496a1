#include "supervisor/history.h"

#include <time.h>

#include <cstdio>

#include "base/json.h"
#include "base/text.h"

namespace bext::supervisor {
namespace {

std::string line_of(std::string_view name, const History::Event& event) {
    return cat({name, " ", event.outcome, " ", std::to_string(event.at), " ", one_line(event.error), "\n"});
}

/// "ok 123 why", of which the last may be missing.
History::Event event_of(std::string_view text) {
    History::Event event;
    auto space = text.find(' ');
    auto outcome = text.substr(0, space);
    if (space == std::string_view::npos || (outcome != "ok" && outcome != "failed")) return event;
    event.outcome = outcome;
    text.remove_prefix(space + 1);
    auto at = parse_decimal(text.substr(0, text.find(' ')));
    event.at = static_cast<std::int64_t>(at.value_or(0));
    if (auto rest = text.find(' '); rest != std::string_view::npos) event.error = text.substr(rest + 1);
    return event;
}

History::Event event_now(bool good, const std::string& error) { return {good ? "ok" : "failed", time(nullptr), good ? "" : error}; }

/// What is kept of it in the list: of a long reason the beginning, so that all of them fit into one message.
void remember(std::vector<History::Past>& past, History::Past one) {
    constexpr std::size_t kLongest = 200;
    if (one.event.error.size() > kLongest) one.event.error.replace(kLongest, std::string::npos, " ...");
    past.push_back(std::move(one));
    if (past.size() > History::kMostPast) past.erase(past.begin());
}

/// "past reload 0.1.0 0.1.1 ok 123 why"; "-" is no version.
std::string line_of(const History::Past& one) {
    auto version = [](const std::string& text) { return text.empty() ? std::string("-") : text; };
    return line_of(cat({"past ", one.what, " ", version(one.from), " ", version(one.to)}), one.event);
}

/// What stands behind "past ".
void read_past(std::vector<History::Past>& past, std::string_view text) {
    std::string_view words[3];
    for (auto& word : words) {
        auto space = text.find(' ');
        if (space == std::string_view::npos) return;
        word = text.substr(0, space);
        text.remove_prefix(space + 1);
    }
    auto version = [](std::string_view word) { return word == "-" ? std::string() : std::string(word); };
    auto event = event_of(text);
    if (event.at) remember(past, {std::string(words[0]), std::move(event), version(words[1]), version(words[2])});
}

std::string json_of(const History::Event& event) {
    return cat({"\"outcome\":", json_text(event.outcome), ",\"at\":", std::to_string(event.at), ",\"error\":", json_text(event.error)});
}

}  // namespace

std::string History::text() const {
    auto text = cat({"version ", BEXT_VERSION, "\nbegan ", std::to_string(began), "\n", line_of("reload", reload)});
    for (auto& one : past) text += line_of(one);
    return text;
}

History History::after(std::string_view text, bool upgraded) {
    History history;
    history.began = time(nullptr);
    for (auto line : split(text, '\n')) {
        auto space = line.find(' ');
        if (space == std::string_view::npos) continue;
        auto name = line.substr(0, space), value = line.substr(space + 1);
        if (name == "version") history.upgraded_from = value;
        if (name == "began") history.began = static_cast<std::int64_t>(parse_decimal(value).value_or(static_cast<std::uint64_t>(history.began)));
        if (name == "reload") history.reload = event_of(value);
        if (name == "past") read_past(history.past, value);
    }
    if (!upgraded) return history;
    history.upgrade = event_now(true, "");
    history.upgraded_to = BEXT_VERSION;
    remember(history.past, {"upgrade", history.upgrade, history.upgraded_from, history.upgraded_to});
    return history;
}

void History::reloaded(bool good, const std::string& error) {
    reload = event_now(good, error);
    remember(past, {"reload", reload, {}, {}});
}

void History::upgrade_failed(const std::string& error) {
    upgrade = event_now(false, error);
    remember(past, {"upgrade", upgrade, {}, {}});
}

std::string History::json() const {
    std::string events;
    for (auto& one : past)
        events += cat({events.empty() ? "" : ",", "{\"what\":", json_text(one.what), ",", json_of(one.event), ",\"from\":", json_text(one.from), ",\"to\":",
                       json_text(one.to), "}"});
    return cat({"\"began\":", std::to_string(began), ",\"reload\":{", json_of(reload), "},\"upgrade\":{", json_of(upgrade), ",\"from\":",
                json_text(upgraded_from), ",\"to\":", json_text(upgraded_to), "},\"events\":[", events, "]"});
}

std::string change_of_version(std::string_view from, std::string_view to) {
    if (from == to) return cat({"bext ", to, ", as before"});
    return cat({"bext ", from.empty() ? "of another version" : from, " -> ", to.empty() ? "another version" : to});
}

}  // namespace bext::supervisor
