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
    std::vector<std::string> lines;
    for (auto& one : faults) lines.push_back(one.line());
    check.reason = some_of(lines, kShown, "; ");
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
