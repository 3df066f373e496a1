// disable_symlinks: opens a path one component at a time, so that no link is followed that must not be.
#pragma once

#include <string_view>

#include "base/fd.h"

namespace bext::http {

struct CheckedOpen {
    Fd fd;
    int error = 0;                           // errno
    std::string_view failed_call = "openat()";
};

/// Opens `path` (NUL-terminated, absolute). Links in its first `free` bytes are followed; behind them none is, or with
/// `owners` only those whose owner is that of what they point to.
CheckedOpen open_checked(std::string_view path, std::size_t free, bool owners);

}  // namespace bext::http
