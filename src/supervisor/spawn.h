// Spawn: forks a process of another role. What it needs it gets through its channel, as it would after an exec.
#pragma once

#include <sys/types.h>

#include <functional>

#include "base/result.h"
#include "handoff/channel.h"

namespace bext::supervisor {

struct Child {
    pid_t pid = -1;
    handoff::Channel channel;
};

/// The signals of a process that is going to be another program: none blocked, none ignored.
void reset_signals();

/// A helper that shares the log and dies with the supervisor: the loader.
Result<Child> spawn_helper(const std::function<int(handoff::Channel)>& main);

/// A process that outlives the supervisor to drain: only stdio and its channel stay open, stderr is `error_log` unless
/// that is -1, and the signals that are meant for the supervisor (`killall -HUP`, Ctrl-C) are ignored.
Result<Child> spawn_worker(int error_log, const std::function<int(handoff::Channel)>& main);

}  // namespace bext::supervisor
