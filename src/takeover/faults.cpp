// The faults of a check: one by one, and summed up as its reason.
#include "base/text.h"
#include "takeover/checks.h"

namespace bext::takeover {
namespace {

constexpr std::size_t kShown = 5;  // in the reason

}  // namespace

std::string Fault::line() const { return place.empty() ? text : cat({text, " in ", place}); }

Check with_faults(Check check, Verdict verdict, std::vector<Fault> faults, std::string mend) {
    if (faults.empty()) return check;
    check.verdict = verdict;
    for (std::size_t i = 0; i < faults.size() && i < kShown; ++i) check.reason += (i ? "; " : "") + faults[i].line();
    if (faults.size() > kShown) check.reason += "; and " + std::to_string(faults.size() - kShown) + " more";
    check.mend = std::move(mend);
    check.faults = std::move(faults);
    return check;
}

Fault fault_of(std::string_view message) {
    constexpr std::string_view kIn = " in /";
    auto at = message.rfind(kIn), colon = message.rfind(':');
    if (at == std::string_view::npos || colon == std::string_view::npos || colon < at || !parse_decimal(message.substr(colon + 1))) return {"", std::string(message)};
    return {std::string(message.substr(at + kIn.size() - 1)), std::string(message.substr(0, at))};
}

}  // namespace bext::takeover
