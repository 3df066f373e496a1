// What a rehearsal found, as a check and as JSON.
#include <algorithm>

#include "base/counted.h"
#include "base/json.h"
#include "base/text.h"
#include "takeover/rehearsal.h"
#include "takeover/rehearsal_compare.h"

namespace bext::takeover {
namespace {

constexpr std::size_t kNamed = 3;  // differences in the reason of the check

std::string_view name_of(Rehearsal::State state) {
    return state == Rehearsal::State::kDone ? "done" : state == Rehearsal::State::kFailed ? "failed" : "skipped";
}

std::string counts(std::size_t requests, std::size_t matched) {
    return cat({"\"requests\":", std::to_string(requests), ",\"matched\":", std::to_string(matched), ",\"percent\":", percent_text(matched, requests)});
}

/// The first difference of each place; `accepted`: only of those that are accepted, with the reason, else only of the others.
std::string first_differences(const Rehearsal& rehearsal, bool accepted = false) {
    std::string text;
    std::size_t named = 0;
    for (auto& place : rehearsal.places) {
        auto one = std::find_if(place.differences.begin(), place.differences.end(), [&](auto& each) { return each.accepted.empty() != accepted; });
        if (one == place.differences.end() || named++ >= kNamed) continue;
        text += cat({text.empty() ? "" : "; ", place.server, " ", place.location, ": ", one->request, ": ", one->what, accepted ? ": " : "", one->accepted});
    }
    return text + (named > kNamed ? "; and in " + counted(named - kNamed, "more location") : "");
}

}  // namespace

Check check_of(const Rehearsal& rehearsal) {
    Check check{"Rehearsal", true, Verdict::kPass, "the last requests of the access logs", "", ""};
    if (rehearsal.state != Rehearsal::State::kDone || rehearsal.requests == 0) {
        check.verdict = Verdict::kWarn;
        check.reason = "not done: " + (rehearsal.reason.empty() ? "there was nothing to compare" : rehearsal.reason);
        return check;
    }
    check.looked_at = cat({counted(rehearsal.requests, "request"), " in ", counted(rehearsal.places.size(), "place"), ", ",
                           percent_text(rehearsal.matched, rehearsal.requests), " % the same"});
    auto differ = cat({std::to_string(rehearsal.differ()), " of ", counted(rehearsal.requests, "request"), rehearsal.differ() == 1 ? " differs" : " differ"});
    if (rehearsal.blocks()) {
        check.verdict = Verdict::kFail;
        check.reason = cat({differ, ": ", first_differences(rehearsal)});
        check.mend = "systemctl reload nginx, if the configuration was changed since nginx read it; otherwise keep nginx and report it. "
                     "What may differ can be accepted on the page, with a reason; --rehearsal 0 takes over all the same";
        return check;
    }
    if (rehearsal.accepted) {
        check.verdict = Verdict::kWarn;
        check.reason = cat({differ, ", which was accepted: ", first_differences(rehearsal, true)});
        return check;
    }
    if (!rehearsal.reason.empty()) check.looked_at += " (" + rehearsal.reason + ")";
    if (rehearsal.framed) {
        check.verdict = Verdict::kWarn;
        check.reason = std::to_string(rehearsal.framed) + " with the same content, but a length in place of chunks or the other way round: " + first_differences(rehearsal);
        check.mend = "nothing: clients understand both";
        return check;
    }
    if (rehearsal.logged) return check;
    check.verdict = Verdict::kWarn;
    check.reason = "the access logs have no request to make again: only / of every name was compared";
    return check;
}

std::string json_of(const Rehearsal& rehearsal) {
    std::string places;
    for (auto& place : rehearsal.places) {
        std::string differences;
        for (auto& one : place.differences)
            differences += cat({differences.empty() ? "" : ",", "{\"request\":", json_text(one.request), ",\"what\":", json_text(one.what), ",\"requests\":",
                                std::to_string(one.requests), ",\"framed\":", one.framed ? "true" : "false", ",\"accepted\":", json_text(one.accepted), "}"});
        places += cat({places.empty() ? "" : ",", "{\"server\":", json_text(place.server), ",\"location\":", json_text(place.location), ",",
                       counts(place.requests, place.matched), ",\"differences\":[", differences, "]}"});
    }
    return cat({"{\"state\":\"", name_of(rehearsal.state), "\",\"reason\":", json_text(rehearsal.reason), ",",
                counts(rehearsal.requests, rehearsal.matched), ",\"framed\":", std::to_string(rehearsal.framed), ",\"accepted\":", std::to_string(rehearsal.accepted), ",\"locations\":[", places, "]}\n"});
}

}  // namespace bext::takeover
