// Socket files: the files of nginx's unix sockets, which nginx removes when it stops although bext accepts on the sockets by then.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace bext::takeover {

/// The paths of those of the sockets that are unix sockets.
std::vector<std::string> files_of(const std::vector<Fd>& sockets);

/// Mounts the file over itself: what is mounted upon cannot be removed, and a client finds the same socket all the while. A
/// file that is pinned already, or is none, is left alone. mount(2), unlink(2)
Result<> pin(const std::string& path);

/// Ends that; nothing when it is not pinned.
Result<> unpin(const std::string& path);

}  // namespace bext::takeover
