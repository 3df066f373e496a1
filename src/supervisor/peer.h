// Peer: who is at the other end of a unix socket, by what the kernel says of it. unix(7), pid_namespaces(7)
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

namespace bext::supervisor {

struct Peer {
    pid_t pid = 0;  // as this process's namespace numbers it; 0: it is in none that is seen from here
    uid_t uid = 0;
};

/// The process that connected, or that listens; nothing when the socket is not connected.
std::optional<Peer> peer_of(int socket);

/// Root, or the user of this process.
bool is_trusted(const Peer& peer);

/// Why the process that connected may not ask this one for anything, "" when it may: it is of root or of the same user,
/// and in the same pid namespace and, as far as it can be looked at, the same user namespace.
std::string reason_against(int socket);

}  // namespace bext::supervisor
