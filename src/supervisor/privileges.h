// Privileges: what a process gives up and changes before it becomes a worker.
#pragma once

#include "base/result.h"
#include "handoff/plan.h"

namespace bext::supervisor {

/// Creates the plan's directories with mode 0700 and gives them to its user, as nginx does with its temporary paths.
Result<> create_directories(const handoff::Plan& plan);

/// Environment, priority, limits, user and working directory of a worker. An ordinary user keeps its own identity.
Result<> become_worker(const handoff::Plan& plan);

}  // namespace bext::supervisor
