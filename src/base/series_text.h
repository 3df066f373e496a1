// The series as text, for bext_metrics.
#pragma once

#include <string>

#include "base/series.h"

namespace bext {

/// In the text format of Prometheus, a family after another, appended.
void put_series_metrics(std::string& text, const SeriesTable& series);

}  // namespace bext
