// Signal process: `nginx -s SIGNAL`, to the process that a pid file names.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/result.h"

namespace bext::cli {

/// The pid file that is meant: BEXT_PID_FILE when set, else `configured`.
std::string signal_pid_path(std::string_view configured);

/// Sends what "stop", "quit", "reopen" or "reload" stands for to the process named in `pid_path`. The error text is
/// nginx's.
Result<> signal_process(std::string_view name, const std::string& pid_path);

/// The process that a pid file names; an error has nginx's text.
Result<pid_t> read_pid_file(const std::string& pid_path);

}  // namespace bext::cli
