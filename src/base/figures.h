// Figures: what the service counts, in one page of memory that every process of it maps, so that nothing counted is lost
// when a worker dies, a configuration is reloaded or the binary is changed. memfd_create(2)
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "base/fd.h"
#include "base/pulse.h"
#include "base/result.h"
#include "base/series.h"

namespace bext {

/// Things that only ever grow. The page outlives binaries: append, never reorder.
enum class Tally : std::uint8_t {
    kAccepted,        // connections taken from a listening socket
    kHandled,         // of those, served
    kRequests,
    kRefused,         // connections turned away: worker_connections or descriptors were not enough
    kCut,             // requests ended before their answer was whole, by a deadline or a stop
    kLost,            // requests in flight in a worker that died
    kPassed,          // idle connections passed to the next process
    kAdopted,         // idle connections taken over from the process before
    kClosedByReload,  // connections closed because worker_shutdown_timeout passed after a reload
    kClosedByDrain,   // idle connections closed because the process ended
    kClosedAtDeadline,  // connections with something in flight, closed because the time to finish was over
    kReloads,
    kReloadsFailed,
    kUpgrades,
    kUpgradesFailed,
    kWorkerDeaths,
    kStatus1xx, kStatus2xx, kStatus3xx, kStatus4xx, kStatus5xx,
    kEnd
};

/// Things that are so many right now.
enum class Gauge : std::uint8_t { kActive, kReading, kWriting, kWaiting, kEnd };

/// The figures of one thread, which alone writes them.
class Figures {
public:
    void add(Tally which, std::uint64_t n = 1) { bump(tallies_[static_cast<int>(which)], n); }
    void add(Gauge which) { bump(gauges_[static_cast<int>(which)], 1); }
    void subtract(Gauge which) { bump(gauges_[static_cast<int>(which)], ~std::uint64_t{0}); }

    std::uint64_t operator[](Tally which) const { return tallies_[static_cast<int>(which)].load(std::memory_order_relaxed); }
    std::uint64_t operator[](Gauge which) const { return gauges_[static_cast<int>(which)].load(std::memory_order_relaxed); }
    /// Responses of every status.
    std::uint64_t answered() const;

    Pulse& pulse() { return pulse_; }

private:
    friend class FigurePage;
    using Number = std::atomic<std::uint64_t>;
    static void bump(Number& number, std::uint64_t by) {
        number.store(number.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);  // one writer: no lock
    }

    static constexpr int kTallies = 34, kGauges = 10;  // room to grow
    std::atomic<pid_t> owner_;
    Number answered_before_;  // by the owners before this one
    Number tallies_[kTallies];
    Pulse pulse_;
    Number gauges_[kGauges];
};

/// The page: a Figures for every thread of every living process.
class FigurePage {
public:
    FigurePage() = default;
    FigurePage(FigurePage&& other) noexcept;
    FigurePage& operator=(FigurePage&& other) noexcept;
    ~FigurePage();

    /// A new page, all zeros.
    static Result<FigurePage> create();
    /// The page of another process; an error when `fd` is none.
    static Result<FigurePage> open(Fd fd);

    explicit operator bool() const { return map_ != nullptr; }
    int fd() const { return fd_.get(); }

    /// A Figures for the calling thread. Should all be taken, one is shared and may lose a count.
    Figures& claim();
    /// The one of this process's only thread that counts here, claimed once (a supervisor).
    Figures& claim_own();
    /// Figures by name; null before the page is there.
    SeriesTable* series() const;
    /// What SeriesTable::count() wants to know of a thread.
    std::size_t slot_of(const Figures& figures) const;

    /// The thread is gone.
    static void give_back(Figures& figures) { figures.owner_.store(0); }
    /// What a process leaves behind.
    struct Legacy {
        std::uint64_t in_flight = 0;  // requests that were under way
        std::uint64_t answered = 0;   // those that it has answered
    };
    /// The process is gone: what it had under way is no more.
    Legacy release(pid_t pid) const;

    /// Calls `each` with the Pulse of every thread of `pid`.
    template <class Each>
    void each_pulse(pid_t pid, Each each) const {
        each_of(pid, [&](Figures& slot) { each(slot.pulse_); });
    }

    std::uint64_t total(Tally which) const;
    std::uint64_t total(Gauge which) const;

private:
    struct Map;
    static Result<FigurePage> map(Fd fd);
    void each_of(pid_t pid, const std::function<void(Figures&)>& each) const;

    Fd fd_;
    Map* map_ = nullptr;
    Figures* own_ = nullptr;
};

/// {"accepted":12,…,"active":1,…}
std::string figures_json(const FigurePage& page);
/// All of them, and the series, in the text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/
std::string figures_metrics(const FigurePage& page);

/// The page of this process: set before any thread starts, else made when first claimed from.
FigurePage& figure_page();

}  // namespace bext
