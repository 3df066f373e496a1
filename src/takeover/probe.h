// Probe: asks a listening address over this machine's own network and finds out which process's answer it was. sock_diag(7)
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "loader/configuration.h"
#include "net/address.h"

namespace bext::takeover {

/// One address of the configuration and one name that is served there.
struct Target {
    net::Address address;  // where to connect: the loopback address for a wildcard
    std::string name;      // for Host and SNI
    bool tls = false;
    bool proxy_protocol = false;
    const http::Server* server = nullptr;  // of the configuration, which has that name there

    std::string text() const;
};

/// Every listen with every name of its servers (a wildcard's with an example), the listens' first names first.
std::vector<Target> targets_of(const loader::Configuration& configuration);

struct Answer {
    int status = 0;  // 0: the connection ended without an answer
    int milliseconds = 0;
};

/// Whose answer is wanted: tells from the inode of a socket.
using Owner = std::function<bool(std::uint64_t inode)>;

/// Asks for "/" once and takes the answer of whoever accepts.
Result<Answer> ask(const Target& target);
/// Connects, several times at once, until one connection was accepted by an owner, and asks that one. An error when none
/// was within `timeout_ms`.
Result<Answer> ask_owner(const Target& target, const Owner& owner, int timeout_ms);

/// Whether an answer is worse than the one to compare with: an error of the server, or none, where there was none.
bool worse(const Answer& now, const Answer& before);

}  // namespace bext::takeover
