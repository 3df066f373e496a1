#include "base/figures.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <utility>

#include "base/series_text.h"
#include "base/text.h"

namespace bext {

namespace {
constexpr std::uint64_t kMagic = 0x3167696674786562;  // "bextfig1"
constexpr int kSlots = 1024;

/// Names and meanings, in the order of Tally and Gauge.
struct Named {
    const char* name;
    const char* meaning;
};
constexpr Named kTallyNames[] = {
    {"accepted", "Connections taken from a listening socket."},
    {"handled", "Connections served."},
    {"requests", "Requests begun."},
    {"refused", "Connections turned away for want of worker_connections."},
    {"cut", "Requests ended before their answer was whole, by a deadline or a stop."},
    {"lost", "Requests in flight in a worker that died."},
    {"passed", "Idle connections passed to the next process."},
    {"adopted", "Idle connections taken over from the process before."},
    {"closed_by_reload", "Connections closed by worker_shutdown_timeout after a reload, or because their listen is gone."},
    {"closed_by_drain", "Idle connections closed because the process ended."},
    {"closed_at_deadline", "Connections closed with something in flight when the time to drain was over."},
    {"reloads", "Reloads."},
    {"reloads_failed", "Reloads that were refused."},
    {"upgrades", "Changes of the binary."},
    {"upgrades_failed", "Changes of the binary that failed and changed nothing."},
    {"worker_deaths", "Workers that died."},
    {"responses_1xx", "Responses by class of status."},
    {"responses_2xx", "Responses by class of status."},
    {"responses_3xx", "Responses by class of status."},
    {"responses_4xx", "Responses by class of status."},
    {"responses_5xx", "Responses by class of status."},
};
static_assert(std::size(kTallyNames) == static_cast<std::size_t>(Tally::kEnd));
constexpr Named kGaugeNames[] = {
    {"active", "Connections open."},
    {"reading", "Connections whose request head is being read."},
    {"writing", "Connections with a request in flight."},
    {"waiting", "Idle connections."},
};
static_assert(std::size(kGaugeNames) == static_cast<std::size_t>(Gauge::kEnd));
}  // namespace

struct FigurePage::Map {
    std::uint64_t magic;
    std::uint64_t unused[63];
    Figures slots[kSlots];
    SeriesTable series;
};
static_assert(sizeof(Figures) == 512, "pages of other versions are used, too");

FigurePage& figure_page() {
    static FigurePage page;
    return page;
}

FigurePage::FigurePage(FigurePage&& other) noexcept : fd_(std::move(other.fd_)), map_(std::exchange(other.map_, nullptr)) {}

FigurePage& FigurePage::operator=(FigurePage&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(map_, other.map_);
    own_ = nullptr;
    return *this;
}

FigurePage::~FigurePage() {
    if (map_) munmap(map_, sizeof(Map));
}

Result<FigurePage> FigurePage::map(Fd fd) {
    auto* at = mmap(nullptr, sizeof(Map), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return Error::from_errno("mmap() of the page of figures");
    FigurePage page;
    page.fd_ = std::move(fd);
    page.map_ = static_cast<Map*>(at);
    return page;
}

Result<FigurePage> FigurePage::create() {
    Fd fd(memfd_create("bext-figures", MFD_CLOEXEC));
    if (!fd) return Error::from_errno("memfd_create()");
    if (ftruncate(fd.get(), sizeof(Map)) != 0) return Error::from_errno("ftruncate() of the page of figures");
    auto page = map(std::move(fd));
    if (page) page->map_->magic = kMagic;
    return page;
}

Result<FigurePage> FigurePage::open(Fd fd) {
    struct stat facts {};
    if (fstat(fd.get(), &facts) != 0) return Error::from_errno("fstat() of the page of figures");
    constexpr auto kOldest = offsetof(Map, series);
    // One of an older version is shorter; what it has not had yet begins at zero.
    if (facts.st_size < static_cast<off_t>(kOldest)) return Error{"the page of figures is of another version"};
    if (facts.st_size < static_cast<off_t>(sizeof(Map)) && ftruncate(fd.get(), sizeof(Map)) != 0)
        return Error::from_errno("ftruncate() of the page of figures");
    auto page = map(std::move(fd));
    if (page && page->map_->magic != kMagic) return Error{"the page of figures is of another version"};
    return page;
}

Figures& FigurePage::claim() {
    if (!map_) {
        auto made = create();
        if (!made) abort();  // not even the addresses for it
        *this = *std::move(made);
    }
    pid_t self = getpid();
    for (auto& slot : map_->slots) {
        pid_t nobody = 0;
        if (!slot.owner_.compare_exchange_strong(nobody, self)) continue;
        slot.answered_before_.store(slot.answered());
        slot.pulse_.begin();
        return slot;
    }
    return map_->slots[kSlots - 1];
}

Figures& FigurePage::claim_own() {
    if (!own_) own_ = &claim();
    return *own_;
}

SeriesTable* FigurePage::series() const { return map_ ? &map_->series : nullptr; }

std::size_t FigurePage::slot_of(const Figures& figures) const { return static_cast<std::size_t>(&figures - map_->slots); }

FigurePage::Legacy FigurePage::release(pid_t pid) const {
    Legacy left;
    each_of(pid, [&](Figures& slot) {
        left.in_flight += slot[Gauge::kReading] + slot[Gauge::kWriting];
        left.answered += slot.answered() - slot.answered_before_.load();
        for (auto& gauge : slot.gauges_) gauge.store(0);
        slot.owner_.store(0);
    });
    return left;
}

void FigurePage::each_of(pid_t pid, const std::function<void(Figures&)>& each) const {
    for (auto& slot : map_->slots)
        if (slot.owner_.load() == pid) each(slot);
}

std::uint64_t Figures::answered() const {
    std::uint64_t sum = 0;
    for (auto which = Tally::kStatus1xx; which <= Tally::kStatus5xx; which = static_cast<Tally>(static_cast<int>(which) + 1)) sum += (*this)[which];
    return sum;
}

std::uint64_t FigurePage::total(Tally which) const {
    std::uint64_t sum = 0;
    for (auto& slot : map_->slots) sum += slot[which];
    return sum;
}

std::uint64_t FigurePage::total(Gauge which) const {
    std::uint64_t sum = 0;
    for (auto& slot : map_->slots) sum += slot[which];
    return sum;
}

std::string figures_json(const FigurePage& page) {
    std::string text = "{";
    auto put = [&](const char* name, std::uint64_t value) {
        text += cat({text.size() > 1 ? "," : "", "\"", name, "\":", std::to_string(value)});
    };
    for (std::size_t i = 0; i < std::size(kTallyNames); ++i) put(kTallyNames[i].name, page.total(static_cast<Tally>(i)));
    for (std::size_t i = 0; i < std::size(kGaugeNames); ++i) put(kGaugeNames[i].name, page.total(static_cast<Gauge>(i)));
    return text + "}";
}

std::string figures_metrics(const FigurePage& page) {
    std::string text;
    auto put = [&](std::string name, const Named& what, const char* type, std::uint64_t value) {
        text += cat({"# HELP ", name, " ", what.meaning, "\n# TYPE ", name, " ", type, "\n", name, " ", std::to_string(value), "\n"});
    };
    constexpr auto kClass = static_cast<std::size_t>(Tally::kStatus1xx);
    for (std::size_t i = 0; i < kClass; ++i)
        put(cat({"bext_", kTallyNames[i].name, "_total"}), kTallyNames[i], "counter", page.total(static_cast<Tally>(i)));
    text += "# HELP bext_responses_total Responses by class of status.\n# TYPE bext_responses_total counter\n";
    for (std::size_t i = 0; i < 5; ++i)
        text += cat({"bext_responses_total{code=\"", std::to_string(i + 1), "xx\"} ",
                     std::to_string(page.total(static_cast<Tally>(kClass + i))), "\n"});
    for (std::size_t i = 0; i < std::size(kGaugeNames); ++i)
        put(cat({"bext_connections_", kGaugeNames[i].name}), kGaugeNames[i], "gauge", page.total(static_cast<Gauge>(i)));
    if (auto* series = page.series()) put_series_metrics(text, *series);
    return text;
}

}  // namespace bext
