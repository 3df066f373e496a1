#include "cli/takeover_findings.h"

#include <chrono>

#include "takeover/error_logs.h"
#include "takeover/inventory.h"
#include "takeover/places.h"
#include "takeover/report.h"

namespace bext::cli {
namespace {

constexpr std::chrono::seconds kHealthEvery{5};

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Whether the rehearsal has this difference.
bool has(const takeover::Rehearsal& rehearsal, const takeover::Acceptance& one) {
    for (auto& place : rehearsal.places)
        for (auto& difference : place.differences)
            if (place.server == one.server && place.location == one.location && difference.what == one.what) return true;
    return false;
}

}  // namespace

Findings::Findings() : thread_([this] { run(); }) {}

Findings::~Findings() {
    {
        std::lock_guard lock(mutex_);
        over_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void Findings::renew(takeover::Subject subject, takeover::Checks checks, takeover::Rehearsal rehearsal) {
    auto kept = std::make_shared<const takeover::Subject>(std::move(subject));
    auto inventory = takeover::inventory_of(*kept);
    auto error_logs = takeover::error_logs_of(*kept);
    std::lock_guard lock(mutex_);
    subject_ = std::move(kept);
    checks_ = std::move(checks);
    rehearsal_ = std::move(rehearsal);
    inventory_ = std::move(inventory);
    error_logs_ = std::move(error_logs);
    looked_ = now_ms();
}

Result<> Findings::accept(std::string_view body) {
    auto one = takeover::acceptance_of(body);
    if (!one) return one.error();
    std::lock_guard lock(mutex_);
    if (!has(rehearsal_, *one)) return Error{"the last rehearsal has no such difference"};
    if (auto done = takeover::accept(takeover::kAccepted, *one); !done) return done;
    takeover::mark_accepted(rehearsal_, takeover::read_accepted(takeover::kAccepted));
    checks_.back() = takeover::check_of(rehearsal_);
    looked_ = now_ms();
    return {};
}

std::int64_t Findings::looked() const {
    std::lock_guard lock(mutex_);
    return looked_;
}

std::string Findings::checks() const {
    std::lock_guard lock(mutex_);
    return takeover::json_of(checks_);
}

std::string Findings::rehearsal() const {
    std::lock_guard lock(mutex_);
    return takeover::json_of(rehearsal_);
}

std::string Findings::inventory() {
    std::lock_guard lock(mutex_);
    asked_ = true;
    return inventory_;
}

std::string Findings::error_logs() const {
    std::unique_lock lock(mutex_);
    auto files = error_logs_;
    lock.unlock();
    return takeover::ends_json(files);
}

void Findings::run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kHealthEvery, [this] { return over_; })) {
        if (!asked_ || !subject_) continue;
        asked_ = false;
        auto subject = subject_;
        lock.unlock();
        auto inventory = takeover::inventory_of(*subject);  // connects to every backend
        lock.lock();
        if (subject == subject_) inventory_ = std::move(inventory);
    }
}

}  // namespace bext::cli
