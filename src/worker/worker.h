// Worker: serves what the supervisor hands it: a Bundle, listening sockets, log descriptors. One event-loop thread per
// worker_processes; a reload swaps the Site under the running connections.
#pragma once

#include "base/fd.h"
#include "loader/configuration.h"

namespace bext::worker {

/// Runs until the supervisor says so (or is gone); the exit status of the process.
int run(const loader::Source& source, Fd channel);

}  // namespace bext::worker
