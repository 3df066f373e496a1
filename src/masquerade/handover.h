// Handover: the running server changes without a gap. Both ways are nginx's own protocol for changing its binary: the one
// that serves executes the other, which inherits the sockets; both serve; then the first one is asked to finish.
// docs/adr/0008-masquerade-handover.md
#pragma once

#include "masquerade/settings.h"
#include "masquerade/steps.h"
#include "sysd/manager.h"

namespace bext::masquerade {

/// bext serves in the place of a running nginx. `undoing`: nothing that runs counts as undone, else as done.
Step handover_step(const Settings& settings, sysd::Manager& manager, bool undoing);

}  // namespace bext::masquerade
