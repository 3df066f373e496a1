// Heir: the process that goes on when this one ends. An idle connection has no state but its socket, so it is passed
// instead of closed. unix(7) SCM_RIGHTS
#pragma once

#include <functional>

#include "base/fd.h"
#include "handoff/channel.h"
#include "http/thread.h"

namespace bext::worker {

class Heir {
public:
    explicit Heir(Fd channel) : channel_(std::move(channel)) {}

    enum class Passed { kYes, kNoRoom, kNobody };

    /// Gives a copy of `fd` away, without waiting: what the other has no room for may be passed later. Any thread may call.
    Passed pass(int fd, const http::PassedConnection& passed);

    /// The other side: takes what has come on `channel`. False: no more will come.
    static bool receive(handoff::Channel& channel, const std::function<void(Fd, const http::PassedConnection&)>& take);

private:
    handoff::Channel channel_;
};

}  // namespace bext::worker
