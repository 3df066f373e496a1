// What a takeover process that died, or a power cut, has left: the commit bit says whether it is finished or undone.
#include <unistd.h>

#include <algorithm>

#include "sysd/dead_man.h"
#include "sysd/unit_file.h"
#include "takeover/disk.h"
#include "takeover/engine.h"
#include "takeover/gates.h"
#include "takeover/places.h"

namespace bext::takeover {
namespace {

constexpr int kSystemdTime = 60'000;  // ms
constexpr int kSettleTime = 20'000, kSettleWatch = 50;
constexpr const char* kInterrupted = "the process that took over ended in the middle; nginx serves";

}  // namespace

void Engine::disarm() { sysd::stop_dead_man(kDeadMan); }

Result<> Engine::set_timer(int seconds) { return sysd::set_dead_man({kDeadMan, seconds, 0, {"rollback", "--if-uncommitted"}}); }

/// The start on living sockets that a way back has left behind: nobody hands sockets over there any more, and while it is there
/// nginx.service cannot be started. What it has begun comes to its end first.
Result<bool> Engine::clear_start() {
    auto unit = manager_.unit(kNginx);
    if (!unit) return unit.error();
    auto& known = unit->drop_in_paths;
    if (!exists(kNginxStart) && std::find(known.begin(), known.end(), kNginxStart) == known.end()) return false;
    for (int waited = 0; waited < kSettleTime && unit && unit->active_state == "activating"; waited += kSettleWatch) {
        usleep(kSettleWatch * 1000);
        unit = manager_.unit(kNginx);
    }
    if (auto done = remove_start(); !done) return done.error();
    if (auto done = manager_.daemon_reload(); !done) return done.error();
    return true;
}

Result<bool> Engine::recover() {
    auto cleared = clear_start();
    if (!cleared) return cleared;
    return exists(kActiveBit) ? recover_committed(*cleared) : recover_uncommitted(*cleared);
}

Result<bool> Engine::recover_committed(bool cleared) {
    auto phase = journal_.state().phase;
    if (phase == Phase::kRollingBack) {
        if (auto done = back_or_call_off(); !done) return done.error();
        return true;
    }
    auto nginx = manager_.unit(kNginx), bext = manager_.unit(kBext);
    if (!nginx || !bext) return nginx ? bext.error() : nginx.error();
    bool both = nginx->active() && bext->active();
    if (phase != Phase::kTakingOver && !both) return cleared;
    if (auto done = finish(); !done) return done.error();
    if (phase == Phase::kTakingOver)
        if (auto done = journal_.enter(Phase::kActive, "finished by bext recover"); !done) return done.error();
    return true;
}

Result<bool> Engine::recover_uncommitted(bool cleared) {
    auto phase = journal_.state().phase;
    if (phase == Phase::kTakingOver) {
        if (auto done = give_back(); !done) return done.error();
        if (auto done = journal_.enter(Phase::kFailed, kInterrupted); !done) return done.error();
    } else if (phase == Phase::kRollingBack) {
        if (auto done = give_back(); !done) return done.error();
        if (auto done = journal_.enter(Phase::kRolledBack, "finished by bext recover"); !done) return done.error();
    } else if (phase == Phase::kActive) {
        if (auto done = journal_.enter(Phase::kRollingBack, "bext-fallback.service gave the ports back"); !done) return done.error();
        if (auto done = give_back(); !done) return done.error();
        if (auto done = journal_.enter(Phase::kRolledBack, "bext did not start any more"); !done) return done.error();
    } else if (exists(kBextGate) || exists(kNginxGate) || exists(kRecoverLink)) {  // left by the recovery at boot, or by an undoing that failed
        // Behind its gate bext.service can only be what the takeover has started: nginx serves before it goes.
        auto bext = manager_.unit(kBext);
        bool serves = exists(kBextGate) && bext && bext->active();
        if (auto done = serves ? give_back() : clean_up(); !done) return done.error();
    } else {
        return cleared;
    }
    return true;
}

/// What comes after the commit.
Result<> Engine::finish() {
    auto bext = manager_.unit(kBext);
    if (!bext) return bext.error();
    if (!bext->active())
        if (auto done = manager_.run(sysd::Job::kStart, kBext, kSystemdTime); !done) return done;
    if (auto done = stop_nginx(); !done) return done;
    unpin_files();
    if (auto done = disable_nginx(); !done) return done;
    disarm();
    return {};
}

// Nothing is started here, since systemd waits with the services for this to end: the bit decides which of them starts, and
// what this boot starts was settled before, so the bit stays as it is. So do the gates, which the waiting jobs look at.
Result<bool> Engine::recover_at_boot() {
    auto phase = journal_.state().phase;
    if (!in_transition(phase)) return false;
    bool committed = exists(kActiveBit), forward = phase == Phase::kTakingOver;
    auto done = committed ? disable_nginx() : restore_boot_state(true);
    if (done) done = manager_.daemon_reload();
    if (done && committed)
        done = forward ? journal_.enter(Phase::kActive, "finished at boot")
                       : journal_.enter(Phase::kFailed, "the machine went down during the rollback; bext serves, bext rollback tries again");
    else if (done)
        done = forward ? journal_.enter(Phase::kFailed, "the machine went down in the middle; nginx starts at boot as it did")
                       : journal_.enter(Phase::kRolledBack, "finished at boot");
    if (!done) return done.error();
    return true;
}

}  // namespace bext::takeover
