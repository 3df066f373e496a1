#include "cli/takeover_findings.h"

#include <chrono>

#include "takeover/inventory.h"
#include "takeover/report.h"

namespace bext::cli {
namespace {

constexpr std::chrono::seconds kHealthEvery{5};

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

void Findings::renew(takeover::Subject subject, const takeover::Checks& checks, const takeover::Rehearsal& rehearsal) {
    auto kept = std::make_shared<const takeover::Subject>(std::move(subject));
    auto inventory = takeover::inventory_of(*kept);
    std::lock_guard lock(mutex_);
    subject_ = std::move(kept);
    checks_ = takeover::json_of(checks);
    rehearsal_ = takeover::json_of(rehearsal);
    inventory_ = std::move(inventory);
    looked_ = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::int64_t Findings::looked() const {
    std::lock_guard lock(mutex_);
    return looked_;
}

std::string Findings::checks() const {
    std::lock_guard lock(mutex_);
    return checks_;
}

std::string Findings::rehearsal() const {
    std::lock_guard lock(mutex_);
    return rehearsal_;
}

std::string Findings::inventory() {
    std::lock_guard lock(mutex_);
    asked_ = true;
    return inventory_;
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
