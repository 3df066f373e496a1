// Lock: one process at a time takes over or rolls back, and none while packages are being installed. fcntl(2) F_SETLK
#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace bext::takeover {

class Lock {
public:
    /// Takes the lock; an error names who has it. It ends with this object and with the process.
    static Result<Lock> take(const std::string& path);

private:
    Fd fd_;
};

/// The process that holds a lock on the file, 0 when none does or there is no such file.
pid_t holder_of(const std::string& path);

/// An error when one of the package managers' locks is held, unless this process was started by the holder (the removal of
/// bext's own package); `root` is where their paths begin.
Result<> no_packages_at_work(const std::string& root = "");

}  // namespace bext::takeover
