// Takeover hands: what every change of a takeover needs: the lock, the journal, systemd, and what is said of signals.
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

/// Tells a signal that came in the middle of something. For Interrupts.
void tell_interrupt(const std::string& name, int count);

}  // namespace bext::cli
