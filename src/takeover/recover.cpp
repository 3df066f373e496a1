// What a takeover process that died, or a power cut, has left: the commit bit says whether it is finished or undone.
#include "base/program.h"
#include "sysd/unit_file.h"
#include "takeover/disk.h"
#include "takeover/engine.h"
#include "takeover/gates.h"
#include "takeover/places.h"

namespace bext::takeover {
namespace {

constexpr int kTime = 60'000;  // ms
const std::string kRecoverLink = "/etc/systemd/system/multi-user.target.wants/" + kRecover;
constexpr const char* kInterrupted = "the process that took over ended in the middle; nginx serves";

}  // namespace

void Engine::disarm() { static_cast<void>(run_program({"systemctl", "--quiet", "stop", kDeadMan + ".timer"}, kTime)); }

Result<bool> Engine::recover() {
    auto phase = journal_.state().phase;
    if (phase == Phase::kTakingOver && exists(kActiveBit)) {
        if (auto done = finish(); !done) return done.error();
        if (auto done = journal_.enter(Phase::kActive, "finished by bext recover"); !done) return done.error();
    } else if (phase == Phase::kTakingOver) {
        if (auto done = give_back(); !done) return done.error();
        if (auto done = journal_.enter(Phase::kFailed, kInterrupted); !done) return done.error();
    } else if (phase == Phase::kRollingBack) {
        if (auto done = give_back(); !done) return done.error();
        if (auto done = journal_.enter(Phase::kRolledBack, "finished by bext recover"); !done) return done.error();
    } else if (phase == Phase::kActive && !exists(kActiveBit)) {
        if (auto done = journal_.enter(Phase::kRollingBack, "bext-fallback.service gave the ports back"); !done) return done.error();
        if (auto done = give_back(); !done) return done.error();
        if (auto done = journal_.enter(Phase::kRolledBack, "bext did not start any more"); !done) return done.error();
    } else if (!in_transition(phase) && !exists(kActiveBit) && (exists(kBextGate) || exists(kRecoverLink))) {  // left by the recovery at boot, or by an undoing that failed
        if (exists(kBextGate))  // behind it bext.service can only be what the takeover has started
            if (auto done = release_bext(); !done) return done.error();
        if (auto done = clean_up(); !done) return done.error();
    } else {
        return false;
    }
    return true;
}

/// What comes after the commit.
Result<> Engine::finish() {
    auto bext = manager_.unit(kBext);
    if (!bext) return bext.error();
    if (!bext->active())
        if (auto done = manager_.run(sysd::Job::kStart, kBext, kTime); !done) return done;
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
