// The series as JSON, in pieces that fit into an answer.
#pragma once

#include <cstddef>
#include <string>

#include "base/series.h"

namespace bext {

/// {"next":N,"rows":[{"kind":"server","name":…,"part":…,"statuses":[1xx…5xx],"failures":…,"received":…,"sent":…,"milliseconds":…,
/// "durations":[…]},…]}: the rows that have counted something, without the first `skip`, about `most` bytes of them. N is how many to
/// skip then, 0 at the end; a row that begins to count meanwhile may bring another one a second time. The names of what has no row of its own
/// are empty.
std::string series_json(const SeriesTable& series, std::size_t skip, std::size_t most);

/// {"count":…,"milliseconds":…}: all answers of all servers.
std::string answers_json(const SeriesTable& series);

}  // namespace bext
