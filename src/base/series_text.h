// The series as text, for bext_metrics and for a page.
#pragma once

#include <string>

#include "base/series.h"

namespace bext {

/// In the text format of Prometheus, a family after another, appended.
void put_series_metrics(std::string& text, const SeriesTable& series);

/// {"servers":[{"server":"example.com","requests":[1xx,…,5xx],"failures":0,"received":…,"sent":…,"milliseconds":…,"durations":[…]},…],
/// "locations":[{"server":…,"location":…,…}],"peers":[{"upstream":…,"peer":…,…}],"bounds":[1,5,…]}; durations are not cumulative.
std::string series_json(const SeriesTable& series);

/// `text` as a JSON string or as the value of a label, with its quotes.
std::string quoted(std::string_view text);

}  // namespace bext
