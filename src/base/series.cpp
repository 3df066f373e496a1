#include "base/series.h"

#include <algorithm>
#include <cstring>
#include <functional>

namespace bext {

namespace {

/// Where a number of SeriesTotals is among those of a row. Tables of other versions are used, too: append, never reorder.
enum Place : std::size_t { kStatuses = 0, kFailures = 5, kReceived = 6, kSent = 7, kMilliseconds = 8, kDurations = 9 };

constexpr std::uint16_t kFirst = static_cast<std::uint16_t>(SeriesKind::kEnd);  // row with a name

std::size_t duration_class(std::uint64_t milliseconds) {
    return static_cast<std::size_t>(std::lower_bound(kSeriesBounds.begin(), kSeriesBounds.end(), milliseconds) - kSeriesBounds.begin());
}

std::uint32_t hash_of(SeriesKind kind, std::string_view name, std::string_view part) {
    std::uint32_t hash = 2166136261u + static_cast<std::uint32_t>(kind);  // FNV-1a: the same in every version
    for (auto text : {name, std::string_view("\0", 1), part})
        for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return hash;
}

}  // namespace

std::uint64_t SeriesTotals::count() const {
    std::uint64_t sum = 0;
    for (auto n : durations) sum += n;
    return sum;
}

SeriesTable::Row SeriesTable::row_of(SeriesKind kind, std::string_view name, std::string_view part) {
    if (name.size() + part.size() > kNames || name.size() + part.size() == 0) return other(kind);
    auto hash = hash_of(kind, name, part);
    for (Row row = kFirst; row < kRows; ++row) {
        auto& at = names_[row];
        std::uint32_t state = kFree;
        if (at.state.compare_exchange_strong(state, kWriting, std::memory_order_acquire)) {
            at.hash = hash;
            at.kind = kind;
            at.name_size = static_cast<std::uint8_t>(name.size());
            at.part_size = static_cast<std::uint8_t>(part.size());
            name.copy(at.text, name.size());
            part.copy(at.text + name.size(), part.size());
            at.state.store(kReady, std::memory_order_release);
            return row;
        }
        // One that is being written is another's, or of a process that died in these few lines.
        if (state == kReady && at.hash == hash && at.kind == kind && at.name() == name && at.part() == part) return row;
    }
    return other(kind);
}

void SeriesTable::count(std::size_t slot, Row row, const Observation& what) {
    auto own = std::min(slot, kOwn);
    if (auto bit = std::uint64_t{1} << own; !(used_.load(std::memory_order_relaxed) & bit)) used_.fetch_or(bit, std::memory_order_relaxed);
    auto& numbers = sums_[own][row].numbers;
    auto add = [&](std::size_t which, std::uint64_t n) {
        if (own < kOwn) numbers[which].store(numbers[which].load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
        else numbers[which].fetch_add(n, std::memory_order_relaxed);
    };
    if (what.status >= 100 && what.status < 600) add(kStatuses + static_cast<std::size_t>(what.status / 100 - 1), 1);
    if (what.failed) add(kFailures, 1);
    add(kReceived, what.received);
    add(kSent, what.sent);
    add(kMilliseconds, what.milliseconds);
    add(kDurations + duration_class(what.milliseconds), 1);
}

SeriesTotals SeriesTable::total(Row row) const {
    std::uint64_t sums[kNumbers] = {};
    auto used = used_.load(std::memory_order_relaxed);
    for (std::size_t own = 0; own <= kOwn; ++own) {
        if (!(used >> own & 1)) continue;
        for (std::size_t i = 0; i < kNumbers; ++i) sums[i] += sums_[own][row].numbers[i].load(std::memory_order_relaxed);
    }
    SeriesTotals totals;
    std::copy_n(sums + kStatuses, std::size(totals.statuses), totals.statuses);
    totals.failures = sums[kFailures];
    totals.received = sums[kReceived];
    totals.sent = sums[kSent];
    totals.milliseconds = sums[kMilliseconds];
    std::copy_n(sums + kDurations, std::size(totals.durations), totals.durations);
    return totals;
}

void SeriesTable::each(const Each& each) const {
    for (Row row = 0; row < kRows; ++row) {
        bool named = row >= kFirst;
        auto& at = names_[row];
        if (named && at.state.load(std::memory_order_acquire) != kReady) continue;
        auto totals = total(row);
        if (totals.count() == 0) continue;
        each(named ? at.kind : static_cast<SeriesKind>(row), named ? at.name() : std::string_view(), named ? at.part() : std::string_view(), totals);
    }
}

}  // namespace bext
