// Notify for: a message of sd_notify(3) in another process's name, which root may send.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace bext::sysd {

/// Tells systemd `state`, such as "MAINPID=7", as if process `pid` had said it.
Result<> notify_for(pid_t pid, const std::string& state);

}  // namespace bext::sysd
