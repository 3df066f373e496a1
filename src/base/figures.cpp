#include "base/figures.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace bext {

namespace {
constexpr std::uint64_t kMagic = 0x3167696674786562;  // "bextfig1"
constexpr int kSlots = 1024;
}  // namespace

struct FigurePage::Map {
    std::uint64_t magic;
    std::uint64_t unused[63];
    Figures slots[kSlots];
};

FigurePage& figure_page() {
    static FigurePage page;
    return page;
}

FigurePage::FigurePage(FigurePage&& other) noexcept : fd_(std::move(other.fd_)), map_(std::exchange(other.map_, nullptr)) {}

FigurePage& FigurePage::operator=(FigurePage&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(map_, other.map_);
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
    if (facts.st_size != static_cast<off_t>(sizeof(Map))) return Error{"the page of figures is of another version"};
    auto page = map(std::move(fd));
    if (page && page->map_->magic != kMagic) return Error{"the page of figures is of another version"};
    return page;
}

Figures& FigurePage::claim() {
    if (!map_) {
        auto made = create();
        if (!made) abort();  // not even 800 KB of memory
        *this = *std::move(made);
    }
    pid_t self = getpid();
    for (auto& slot : map_->slots) {
        pid_t nobody = 0;
        if (slot.owner_.compare_exchange_strong(nobody, self)) return slot;
    }
    return map_->slots[kSlots - 1];
}

std::uint64_t FigurePage::release(pid_t pid) const {
    std::uint64_t requests = 0;
    for (auto& slot : map_->slots) {
        if (slot.owner_.load() != pid) continue;
        requests += slot[Gauge::kReading] + slot[Gauge::kWriting];
        for (auto& gauge : slot.gauges_) gauge.store(0);
        slot.owner_.store(0);
    }
    return requests;
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

}  // namespace bext
