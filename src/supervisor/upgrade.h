// Upgrade: the change of the binary under a running service. The new process inherits the listening sockets, takes the
// configuration, serves, and only then the old one lets go; whatever fails before that changes nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "handoff/channel.h"
#include "supervisor/control.h"

namespace bext::supervisor {

struct Upgrade {
    enum class Stage : std::uint8_t {
        kChecking,  // the new binary tests the configuration
        kSaving,    // the worker writes down its warm state
        kStarting,  // the new process is on its way
        kServing,   // both serve
        kHanded,    // this process ends
    };

    Stage stage = Stage::kChecking;
    bool automatic = true;  // the new process asks this one to end; else nginx's protocol: somebody else does
    pid_t pid = -1;
    std::uint64_t deadline = 0;  // ms; 0: none
    Fd output;                   // what the check says
    std::string said;
    Fd warm;
    handoff::Channel channel;
    Askers askers;
    bool end_after = false;      // this process was asked to end while the new one was starting
    std::string version;         // what the new process says it is
    bool stranger = false;       // another server, which speaks nginx's protocol and has no channel
};

/// The part of the process before, in the one that it started.
struct Predecessor {
    handoff::Channel channel;
    pid_t to_end = -1;  // BEXT_UPGRADE_OLD_PID: whom to ask to end once this process serves
    std::uint64_t generation = 0;  // of its configuration
    std::string history;           // what it tells of itself (History)
    Fd figures;
    Fd warm;
};

/// What the environment says of a process before; the variables are removed.
Predecessor predecessor_from_environment();

/// Runs `argv` of `binary` with its output on a pipe: the reading end, and the process id in `pid`.
Result<Fd> spawn_check(const std::string& binary, const std::vector<std::string>& argv, pid_t& pid);

/// Executes `binary` with `argv`, which inherits `sockets`, and a channel to it. `to_end`: whom it is to end, -1: nobody.
Result<handoff::Channel> spawn_successor(const std::string& binary, const std::vector<std::string>& argv,
                                         const std::vector<int>& sockets, pid_t to_end, pid_t& pid);

/// The same of another server, by nginx's protocol: the sockets are in NGINX, and there is no channel.
Result<pid_t> spawn_stranger(const std::string& binary, const std::vector<std::string>& argv, const std::vector<int>& sockets);

}  // namespace bext::supervisor
