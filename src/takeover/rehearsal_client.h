// Rehearsal client: sends a logged request to a listening address and reads the whole answer.
#pragma once

#include "base/fd.h"
#include "takeover/probe.h"
#include "takeover/rehearsal_compare.h"
#include "takeover/rehearsal_log.h"

namespace bext::takeover {

/// Sends `request` over `socket`, which is not connected yet, to the address and name of `target`. After `timeout_ms`
/// what has come counts; a reply without a status came too late or not at all.
Reply replay(const Target& target, const Logged& request, Fd socket, int timeout_ms);

}  // namespace bext::takeover
