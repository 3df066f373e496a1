#include "masquerade/masquerade.h"

#include <unistd.h>

#include <optional>

#include "base/program.h"
#include "masquerade/checks.h"
#include "masquerade/diversion.h"
#include "masquerade/files.h"
#include "masquerade/handover.h"
#include "masquerade/resume.h"
#include "masquerade/unit.h"
#include "supervisor/stand_aside.h"

namespace bext::masquerade {
namespace {

constexpr int kVersionTime = 20'000;  // ms

/// The steps of an install, in order; an undo takes them from the end.
std::vector<Step> steps_of(const Settings& settings, sysd::Manager* manager, bool undoing) {
    std::vector<Step> steps{diversion_step(settings), shim_step(settings)};
    if (!manager) return steps;
    steps.push_back(drop_in_step(settings, *manager));
    if (settings.now) steps.push_back(handover_step(settings, *manager, undoing));
    return steps;
}

Result<> as_root() {
    if (geteuid() == 0) return {};
    return Error{"only root can change what stands in nginx's place: use sudo"};
}

/// Writes down which nginx it is: bext keeps its defaults. One that does not say so is none that is known.
Result<> record_version(const Settings& settings) {
    auto done = run_program({exists(settings.real_bin()) ? settings.real_bin() : settings.shim_bin, "-v"}, kVersionTime);
    auto at = done ? done->err.find("nginx/") : std::string::npos;
    if (at == std::string::npos) return {};
    return replace_file(settings.version_file(), done->err.substr(at, done->err.find('\n', at) - at) + "\n", 0644);
}

std::string joined(const std::vector<std::string>& sentences) {
    std::string text = "nothing was changed, since";
    for (auto& one : sentences) text += "\n  " + one;
    return text;
}

}  // namespace

Result<> install(const Settings& settings, bool dry_run, const Report& report) {
    if (auto root = as_root(); !root) return root;
    if (!sysd::booted()) return Error{"this machine does not run under systemd"};
    auto lock = hold_masquerade();
    if (!lock) return lock.error();
    auto dpkg = hold_dpkg();
    if (!dpkg) return dpkg.error();
    auto manager = sysd::Manager::connect();
    if (!manager) return manager.error();
    auto against = hindrances(*manager, settings);
    if (!against.empty()) return Error{joined(against)};
    auto steps = steps_of(settings, &*manager, false);
    if (dry_run) return tell_steps(steps, false, report);
    Watch watch(Direction::kInstall, settings);
    if (watch.is_done()) return {};
    if (!watch.trouble().empty()) return Error{"nothing was changed, since no timer would watch over it: " + watch.trouble()};
    auto journal = Journal::open(settings.journal());
    if (!journal) return journal.error();
    if (auto recorded = record_version(settings); !recorded) return recorded;
    auto installed = apply_steps(steps, *journal, report);
    if (installed) return installed;
    // Nothing of it is left, so nothing has to be remembered, unless it was there before this run.
    bool left = false;
    for (auto& step : steps_of(settings, &*manager, true)) {
        auto state = step.check();
        left = left || !state || *state != State::kAbsent;
    }
    if (left) return installed;
    (void)remove_file(settings.version_file());
    (void)journal->remove();
    return installed;
}

Result<> uninstall(const Settings& settings, bool dry_run, const Report& report) {
    if (auto root = as_root(); !root) return root;
    auto lock = hold_masquerade();
    if (!lock) return lock.error();
    std::optional<sysd::Manager> manager;
    if (sysd::booted()) {
        auto connected = sysd::Manager::connect();
        if (!connected) return connected.error();
        manager = *std::move(connected);
    }
    auto steps = steps_of(settings, manager ? &*manager : nullptr, true);
    if (dry_run) return tell_steps(steps, true, report);
    std::optional<Watch> watch;
    if (manager) watch.emplace(Direction::kUninstall, settings);
    if (watch && watch->is_done()) return {};
    if (watch && !watch->trouble().empty()) report("unwatched", "no timer watches over this: " + watch->trouble());
    auto journal = Journal::open(settings.journal());
    if (!journal) return journal.error();
    if (auto undone = undo_steps(steps, *journal, report); !undone) return undone;
    // Left by a handover that was cut off.
    if (auto removed = remove_file(supervisor::kStandAsidePath); !removed) return removed.error();
    if (!manager)  // nobody runs that would have to know
        if (auto removed = remove_file(settings.drop_in()); !removed) return removed.error();
    if (auto removed = remove_file(settings.version_file()); !removed) return removed.error();
    return journal->remove();
}

}  // namespace bext::masquerade
