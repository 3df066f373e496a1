// What the Supervisor tells the service manager: milestones, a line for `systemctl status`, the sockets to keep for a
// process that is started again (docs/service.md).
#include <algorithm>
#include <set>

#include "base/counted.h"
#include "base/figures.h"
#include "base/text.h"
#include "supervisor/report.h"
#include "supervisor/supervisor.h"

namespace bext::supervisor {
namespace {

constexpr std::uint64_t kStatusEvery = 5000;  // ms
constexpr std::uint64_t kSettle = 2000;       // ms

}  // namespace

void Supervisor::reached(Milestone milestone, const std::string& detail) {
    if (roles_.reached) roles_.reached(milestone, detail);
    if (!notify_.wanted() || before_.channel) return;  // the process before is still the one that is listened to
    switch (milestone) {
        case Milestone::kReloading: return notify_.reloading();
        case Milestone::kStopping: return notify_.stopping();
        case Milestone::kHandedOver: return;
        case Milestone::kReloadFailed: last_trouble_ = "; the last reload failed: " + detail; break;
        case Milestone::kUpgradeFailed: last_trouble_ = "; the last upgrade failed: " + detail; break;
        default: last_trouble_.clear();
    }
    store_sockets();
    next_status_ = clock_ms() + kStatusEvery;
    notify_.ready(status_line());
}

std::string Supervisor::status_line() const {
    auto& page = figure_page();
    return cat({"serving, configuration ", std::to_string(current_ ? current_->generation : 0), "; ", counted(page.total(Gauge::kActive), "connection"), ", ",
                counted(page.total(Tally::kRequests), "request"), ", ", counted(page.total(Tally::kReloads), "reload"), ", ",
                counted(page.total(Tally::kUpgrades), "upgrade"), last_trouble_});
}

/// The manager keeps exactly the sockets of the configuration in force.
void Supervisor::store_sockets() {
    if (!current_) return;
    auto wanted = current_->sockets.named();
    for (auto& [name, fds] : wanted)
        if (auto done = notify_.store(name, fds); !done) report(Level::kWarn, done.error().text);
    for (auto& name : stored_)
        if (!wanted.contains(name))
            if (auto done = notify_.unstore(name); !done) report(Level::kWarn, done.error().text);
    stored_.clear();
    for (auto& [name, fds] : wanted) stored_.insert(name);
}

/// Another server follows, which knows nothing of what the manager keeps and shows.
void Supervisor::clear_service() {
    notify_.status("");
    for (auto& name : std::exchange(stored_, {}))
        if (auto done = notify_.unstore(name); !done) report(Level::kWarn, done.error().text);
}

/// The successor is the service from now on; the manager must know before this process is gone.
void Supervisor::give_service_to(pid_t pid) {
    if (!notify_.wanted()) return;
    notify_.main_pid(pid);
    if (!notify_.settle(kSettle)) report(Level::kWarn, "the service manager is slow to learn of the new process");
}

void Supervisor::tell_status() {
    auto now = clock_ms();
    if (notify_.watchdog_interval_ms() && now >= next_keep_alive_ && able()) {
        notify_.keep_alive();
        next_keep_alive_ = now + notify_.watchdog_interval_ms();
    }
    if (next_status_ && now >= next_status_) {
        if (started_ && ending_ == Ending::kNo && !before_.channel) notify_.status(status_line());
        next_status_ = now + kStatusEvery;
    }
}

}  // namespace bext::supervisor
