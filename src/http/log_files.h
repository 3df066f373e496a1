// Log files whose names hold variables: the worker opens them itself, and keeps some open (open_log_file_cache).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "conf/cursor.h"

namespace bext::http {

class Request;

struct LogFileCache {
    std::uint64_t max = 0;  // files; 0: none is kept
    std::uint64_t inactive_ms = 10000, valid_ms = 60000, min_uses = 1;
};

/// Reads the parameters of open_log_file_cache.
conf::Status read_log_file_cache(conf::Cursor& at, LogFileCache& cache);

/// Appends `line` to the file of that name. False after write() failed (errno tells); a file that cannot be opened is
/// only noted in the error log.
bool append_to_log(Request& request, const std::string& path, std::string_view line, const LogFileCache& cache);

}  // namespace bext::http
