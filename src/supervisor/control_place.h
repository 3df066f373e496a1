// Control place: where the control sockets are (docs/adr/0006-control-socket.md). Each directory is its user's alone.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace bext::supervisor {

/// Where this user's servers may have their sockets, the usual place first.
std::vector<std::string> control_directories();

/// The name of a process's socket in there. Process ids are unique in their namespace only.
std::string control_name(pid_t pid);

/// Has the directory there, with nobody else able to enter it or to put another in its place.
Result<> prepare_control_directory(const std::string& directory);

/// Removes the sockets that processes of this pid namespace have left which are gone.
void sweep_control_directory(const std::string& directory);

}  // namespace bext::supervisor
