#include "takeover/report.h"

#include <time.h>

#include <algorithm>
#include <cstdio>

#include "base/counted.h"
#include "base/json.h"
#include "base/text.h"
#include "takeover/dependents.h"
#include "takeover/engine.h"
#include "takeover/unserved.h"

namespace bext::takeover {
namespace {

std::string clock_text(std::int64_t seconds) {
    std::time_t time = seconds;
    std::tm parts{};
    localtime_r(&time, &parts);
    char text[32];
    strftime(text, sizeof text, "%F %T", &parts);
    return text;
}

std::string_view mark_of(Verdict verdict) {
    return verdict == Verdict::kPass ? "pass" : verdict == Verdict::kWarn ? "warn" : "fail";
}

/// {"step":6,"of":11}: how many steps of the transition were begun, and how many there are; null outside of one.
std::string progress_of(const State& state) {
    if (!in_transition(state.phase)) return "null";
    std::size_t begun = 0;
    for (auto& record : state.records) begun = record.kind == "phase" ? 0 : begun + (record.kind == "step");
    auto all = state.phase == Phase::kTakingOver ? kForwardSteps : kBackSteps;
    return cat({"{\"step\":", std::to_string(std::min(begun, all)), ",\"of\":", std::to_string(all), "}"});
}

}  // namespace

std::string text_of(const State& state, const Standing& standing) {
    std::string_view masquerade = standing.masquerade ? "nginx.service is bext (masquerade): see bext nginx masquerade status\n" : "";
    if (!state.begun) return cat({"no takeover was begun on this machine\n", masquerade});
    auto text = cat({"phase: ", name_of(state.phase), state.reason.empty() ? "" : ": ", state.reason, "\n", masquerade, "starts at boot: ",
                     standing.committed ? "bext" : standing.masquerade ? "bext in nginx's place, as the unit of nginx says" : "nginx, as its unit says", "\n"});
    for (auto& record : state.records) {
        if (record.kind == "note") continue;
        text += cat({"  ", clock_text(record.time), "  ", record.kind == "step" ? "  " : "", record.name, record.text.empty() ? "" : ": ",
                     record.text, "\n"});
    }
    return standing.committed && !standing.masquerade && state.phase == Phase::kActive ? text + not_yet_text(dependents()) : text;
}

std::string json_of(const State& state, const Standing& standing, const Checks& checks, bool next) {
    auto text = cat({"{\"phase\":", json_text(name_of(state.phase)), ",\"begun\":", state.begun ? "true" : "false", ",\"reason\":",
                     json_text(state.reason), ",\"step\":", json_text(state.step), ",\"committed\":", standing.committed ? "true" : "false", ",\"masquerade\":", standing.masquerade ? "true" : "false",
                     ",\"progress\":", progress_of(state), ",\"history\":["});
    bool first = true;
    for (auto& record : state.records) {
        text += cat({first ? "" : ",", "{\"time\":", std::to_string(record.time), ",\"kind\":", json_text(record.kind), ",\"name\":",
                     json_text(record.name), ",\"text\":", json_text(record.text), "}"});
        first = false;
    }
    text += "],\"checks\":" + json_of(checks);
    if (next && standing.committed && !standing.masquerade && state.phase == Phase::kActive) text += cat({",\"next\":", json_text(kNextStep), ",\"asks_for_nginx\":", json_of(dependents())});
    return text + "}\n";
}

bool may_take_over(const Checks& checks) {
    for (auto& check : checks)
        if (check.blocks()) return false;
    return true;
}

std::string table_of(const Checks& checks) {
    std::string text;
    int counts[3] = {};
    for (auto& check : checks) {
        ++counts[static_cast<int>(check.verdict)];
        char line[160];
        snprintf(line, sizeof line, "%-5s %-24s %-9s ", std::string(mark_of(check.verdict)).c_str(), check.name.c_str(),
                 check.critical ? "critical" : "");
        text += line + check.looked_at + "\n";
        if (!check.reason.empty()) text += "        " + check.reason + "\n";
        if (!check.mend.empty()) text += "        → " + check.mend + "\n";
    }
    return cat({text, std::to_string(counts[0]), " passed, ", counted(static_cast<std::uint64_t>(counts[1]), "warning"), ", ", std::to_string(counts[2]),
                " failed\n"});
}

std::string report_text(const Subject& subject) {
    std::string text;
    auto all = unserved_of(subject.survey);
    if (!all.empty()) text += "\n" + counted(all.size(), "directive") + " that bext does not have:\n";
    for (auto& one : all) text += cat({"  ", one.place, "  ", one.directive, one.module.empty() ? "" : "  (", one.module, one.module.empty() ? "  " : ")  ", one.happens, "\n"});
    for (auto& one : subject.survey.trouble) text += "  " + one + "\n";
    if (!subject.warnings.empty()) text += "\n" + counted(subject.warnings.size(), "warning") + ":\n";
    for (auto& one : subject.warnings) text += "  " + one + "\n";
    return text;
}

std::string report_json(const Subject& subject, const Checks& checks) {
    std::string directives, warnings;
    for (auto& one : unserved_of(subject.survey))
        directives += cat({directives.empty() ? "" : ",", "{\"place\":", json_text(one.place), ",\"directive\":", json_text(one.directive), ",\"module\":",
                           json_text(one.module), ",\"happens\":", json_text(one.happens), "}"});
    for (auto& one : subject.warnings) warnings += (warnings.empty() ? "" : ",") + json_text(one);
    return cat({"{\"ok\":", may_take_over(checks) ? "true" : "false", ",\"nginx\":", json_text(subject.nginx.version), ",\"checks\":", json_of(checks),
                ",\"directives\":[", directives, "],\"warnings\":[", warnings, "],\"asks_for_nginx\":", json_of(dependents()), "}\n"});
}

std::string json_of(const Checks& checks) {
    std::string text = "[";
    for (auto& check : checks) {
        std::string faults;
        for (auto& one : check.faults)
            faults += cat({faults.empty() ? "" : ",", "{\"place\":", json_text(one.place), ",\"text\":", json_text(one.text), "}"});
        text += cat({text.size() > 1 ? "," : "", "{\"name\":", json_text(check.name), ",\"critical\":", check.critical ? "true" : "false",
                     ",\"verdict\":\"", mark_of(check.verdict), "\",\"looked_at\":", json_text(check.looked_at), ",\"reason\":",
                     json_text(check.reason), ",\"faults\":[", faults, "],\"mend\":", json_text(check.mend), "}"});
    }
    return text + "]";
}

}  // namespace bext::takeover
