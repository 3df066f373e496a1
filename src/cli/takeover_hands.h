// Takeover hands: what every change of a takeover needs: the lock, the journal, systemd, and signals that wait.
#pragma once

#include <string>

#include "sysd/manager.h"
#include "takeover/journal.h"
#include "takeover/lock.h"

namespace bext::cli {

struct Hands {
    takeover::Lock lock;
    takeover::Journal journal;
    sysd::Manager manager;
};

/// `by_force`: whoever has the lock is ended, when it is this program.
Result<Hands> take_hands(bool by_force = false);

/// What is begun is finished: a terminal that goes away ends nothing.
void hold_signals();

}  // namespace bext::cli
