#include "supervisor/report.h"

#include <unistd.h>

#include "base/journal.h"
#include "base/text.h"

namespace bext::supervisor {
namespace {

bool starting = true;
bool on_stderr = false;

}  // namespace

void report(Level level, std::string_view text) {
    process_log().write(level, text);
    bool seen = on_stderr && process_log().wants(level);
    if (!starting || seen || level > Level::kWarn) return;
    auto line = cat({journal_prefix(level), "nginx: [", level_name(level), "] ", text, "\n"});
    [[maybe_unused]] auto n = ::write(STDERR_FILENO, line.data(), line.size());
}

void end_of_start() { starting = false; }

void log_is_stderr(bool is) { on_stderr = is; }

}  // namespace bext::supervisor
