#include "cli/takeover_hands.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "base/program.h"
#include "takeover/places.h"
#include "takeover/process.h"

namespace bext::cli {
namespace {

using namespace takeover;

Result<Lock> take_lock(bool by_force) {
    auto lock = Lock::take(kLock);
    if (lock || !by_force || lock.error().system != EAGAIN) return lock;
    // The time of whoever has it is over.
    auto holder = Process::find(holder_of(kLock));
    if (holder && holder->program() == own_program() && holder_of(kLock) == holder->pid()) holder->send(SIGKILL);
    for (int tries = 0; tries < 50 && !lock; ++tries) {
        usleep(100'000);
        lock = Lock::take(kLock);
    }
    return lock;
}

}  // namespace

Result<Hands> take_hands(bool by_force) {
    if (geteuid() != 0) return Error{"it needs root; run it with sudo"};
    auto lock = take_lock(by_force);
    if (!lock) return lock.error();
    if (!sysd::booted()) return Error{"this machine is not run by systemd"};
    auto journal = Journal::open(kJournalDirectory);
    if (!journal) return journal.error();
    auto manager = sysd::Manager::connect();
    if (!manager) return manager.error();
    return Hands{*std::move(lock), *std::move(journal), *std::move(manager)};
}

void tell_interrupt(const std::string& name, int count) {
    fprintf(stderr, "  %s: %s\n", name.c_str(), count == 1 ? "interrupted; as soon as the step under way has ended it goes back in good order, or finishes where that is nearer"
                                                         : "it is ending in good order; nothing is gained by ending it in the middle");
    fflush(stderr);
}

}  // namespace bext::cli
