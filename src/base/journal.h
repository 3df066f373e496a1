// Journal: systemd's, when stderr leads there: then a line begins with its priority. See sd-daemon(3), systemd.exec(5).
#pragma once

#include <string_view>

#include "base/log.h"

namespace bext {

/// Learns from JOURNAL_STREAM which stream the journal is. What was learnt stays when the environment is cleared.
void find_journal();

/// "<3>" for an error, and so on, when stderr is the journal at this moment; else "".
std::string_view journal_prefix(Level level);

}  // namespace bext
