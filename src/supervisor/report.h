// Report: the supervisor's own messages, to the error log and, while it starts, to the terminal too, as nginx does.
#pragma once

#include <string_view>

#include "base/log.h"

namespace bext::supervisor {

/// Writes `text` to the process log; while starting, a warning or worse also to stderr as "nginx: [emerg] text".
void report(Level level, std::string_view text);

/// Ends the start: from now on only the log is written.
void end_of_start();

/// Whether the log itself already goes to stderr, so that nothing needs to be said twice.
void log_is_stderr(bool is);

}  // namespace bext::supervisor
