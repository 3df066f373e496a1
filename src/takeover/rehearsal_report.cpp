// What a rehearsal found, as a check and as JSON.
#include <cstdio>

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

std::string first_differences(const Rehearsal& rehearsal) {
    std::string text;
    std::size_t named = 0;
    for (auto& place : rehearsal.places)
        if (!place.differences.empty() && named++ < kNamed)
            text += cat({text.empty() ? "" : "; ", place.server, " ", place.location, ": ", place.differences.front().request, ": ",
                         place.differences.front().what});
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
    if (rehearsal.matched < rehearsal.requests) {
        check.verdict = Verdict::kFail;
        check.reason = first_differences(rehearsal);
        check.mend = "systemctl reload nginx, if the configuration was changed since nginx read it; otherwise keep nginx and report it; "
                     "--rehearsal 0 takes over all the same";
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
            differences += cat({differences.empty() ? "" : ",", "{\"request\":", json_text(one.request), ",\"what\":", json_text(one.what), "}"});
        places += cat({places.empty() ? "" : ",", "{\"server\":", json_text(place.server), ",\"location\":", json_text(place.location), ",",
                       counts(place.requests, place.matched), ",\"differences\":[", differences, "]}"});
    }
    return cat({"{\"state\":\"", name_of(rehearsal.state), "\",\"reason\":", json_text(rehearsal.reason), ",",
                counts(rehearsal.requests, rehearsal.matched), ",\"framed\":", std::to_string(rehearsal.framed), ",\"locations\":[", places, "]}\n"});
}

}  // namespace bext::takeover
