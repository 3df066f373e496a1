// PidFile: where others find the process to signal. https://nginx.org/en/docs/ngx_core_module.html#pid
#pragma once

#include <string>

#include "base/result.h"

namespace bext::supervisor {

/// Writes the process id of the caller to `path`, mode 0644, in place: a reader never meets an empty file.
Result<> write_pid_file(const std::string& path);

/// Removes `path` if it names this process; somebody else's pid file is left alone.
Result<> remove_pid_file(const std::string& path);

}  // namespace bext::supervisor
