#include "base/series_json.h"

#include <iterator>

#include "base/json.h"
#include "base/text.h"

namespace bext {
namespace {

constexpr std::string_view kKinds[] = {"server", "location", "peer"};
static_assert(std::size(kKinds) == static_cast<std::size_t>(SeriesKind::kEnd));

template <class Numbers>
std::string list_of(const Numbers& numbers) {
    std::string text = "[";
    for (auto number : numbers) text += (text.size() > 1 ? "," : "") + std::to_string(number);
    return text + "]";
}

}  // namespace

std::string series_json(const SeriesTable& series, std::size_t skip, std::size_t most) {
    std::string rows;
    std::size_t seen = 0, next = 0;
    series.each([&](SeriesKind kind, std::string_view name, std::string_view part, const SeriesTotals& totals) {
        if (seen++ < skip || next) return;
        if (rows.size() >= most) return static_cast<void>(next = seen - 1);
        rows += cat({rows.empty() ? "" : ",", "{\"kind\":\"", kKinds[static_cast<int>(kind)], "\",\"name\":", json_text(name), ",\"part\":", json_text(part),
                     ",\"statuses\":", list_of(totals.statuses), ",\"failures\":", std::to_string(totals.failures), ",\"received\":",
                     std::to_string(totals.received), ",\"sent\":", std::to_string(totals.sent), ",\"milliseconds\":", std::to_string(totals.milliseconds),
                     ",\"durations\":", list_of(totals.durations), "}"});
    });
    return cat({"{\"next\":", std::to_string(next), ",\"rows\":[", rows, "]}\n"});
}

std::string answers_json(const SeriesTable& series) {
    std::uint64_t count = 0, milliseconds = 0;
    series.each([&](SeriesKind kind, std::string_view, std::string_view, const SeriesTotals& totals) {
        if (kind == SeriesKind::kServer) count += totals.count(), milliseconds += totals.milliseconds;
    });
    return cat({"{\"count\":", std::to_string(count), ",\"milliseconds\":", std::to_string(milliseconds), "}"});
}

}  // namespace bext
