// Series: figures by name, of a server, a location, or a server of an upstream. The table lies behind the page of figures (figures.h)
// and lives as long: through reloads, crashes and changes of the binary.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <iterator>
#include <string_view>

namespace bext {

enum class SeriesKind : std::uint8_t { kServer, kLocation, kPeer, kEnd };

/// Upper bounds of the classes of duration, milliseconds; one more class has none.
inline constexpr std::array<std::uint64_t, 13> kSeriesBounds{1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000};

/// One request as a row counts it, or one try of a server of an upstream.
struct Observation {
    int status = 0;  ///< 100 to 599; else it is not counted in a class
    bool failed = false;  ///< there was no answer
    std::uint64_t milliseconds = 0, received = 0, sent = 0;  ///< bytes as the server sees them
};

/// A row, summed over all threads.
struct SeriesTotals {
    std::uint64_t statuses[5] = {};  ///< 1xx to 5xx
    std::uint64_t failures = 0, received = 0, sent = 0, milliseconds = 0;
    std::uint64_t durations[kSeriesBounds.size() + 1] = {};
    std::uint64_t count() const;
};

/// Rows are found by name and are never taken away: the number of names that are ever counted apart is bounded by kRows. What has
/// none is counted in a row of its kind whose names are empty.
class SeriesTable {
public:
    using Row = std::uint16_t;
    static constexpr Row kRows = 512;
    static constexpr std::size_t kNames = 232;  ///< bytes of a row's names together

    /// The row for what has none of its own.
    static constexpr Row other(SeriesKind kind) { return static_cast<Row>(kind); }
    /// The row of that name, added when there is room. For a server `name` is its first name and `part` empty; for a location `part`
    /// is what stands between `location` and the brace; for a server of an upstream `name` is the upstream. Any process may add.
    Row row_of(SeriesKind kind, std::string_view name, std::string_view part);

    /// `slot` is the number of the thread's Figures: the first kOwn threads have sums of their own and write without locking.
    void count(std::size_t slot, Row row, const Observation& what);

    /// Calls `each` for every row that has counted something, those of other() included.
    using Each = std::function<void(SeriesKind kind, std::string_view name, std::string_view part, const SeriesTotals& totals)>;
    void each(const Each& each) const;

private:
    using Number = std::atomic<std::uint64_t>;
    static constexpr std::size_t kOwn = 63, kNumbers = 32;
    enum State : std::uint32_t { kFree, kWriting, kReady };

    struct Name {
        std::atomic<std::uint32_t> state;
        std::uint32_t hash;
        SeriesKind kind;
        std::uint8_t name_size, part_size;
        char text[kNames];
        std::string_view name() const { return {text, name_size}; }
        std::string_view part() const { return {text + name_size, part_size}; }
    };
    struct Sums {
        Number numbers[kNumbers];
    };
    SeriesTotals total(Row row) const;

    Name names_[kRows];
    std::atomic<std::uint64_t> used_;  // a bit for every part of sums_ that has been written
    std::uint64_t unused_[7];
    Sums sums_[kOwn + 1][kRows];  // pages that nobody touches take no memory; the last is shared by all other threads
};

}  // namespace bext
