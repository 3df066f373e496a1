// Commands: what an administrator asks of a running server: reload, status, upgrade. Each waits for its outcome.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace bext::cli {

/// The running bext: of `pid_file`, else of $BEXT_PID_FILE, else of the first of /run/bext.pid, /run/nginx.pid and
/// /tmp/bext.pid that names one.
Result<pid_t> find_server(const std::string& pid_file);

/// Reloads; returns when the new configuration serves, or why it does not. The text is for people, and says when the server
/// could only be signalled.
Result<std::string> reload_server(pid_t pid);

/// Asks it to finish what is in flight, and returns when it has ended.
Result<> stop_server(pid_t pid);

/// The state of the service as JSON.
Result<std::string> server_status(pid_t pid);

/// Changes the binary of `pid` without losing a request. `binary`: puts this one in the place of the running one first
/// (the one before stays beside it as NAME.prev); empty: what is there now is executed. An error has changed nothing.
Result<std::string> upgrade_server(pid_t pid, const std::string& binary);

}  // namespace bext::cli
