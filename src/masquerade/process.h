// Process: what /proc tells of the servers, and waiting for them. proc(5)
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"

namespace bext::masquerade {

constexpr int kProgramTime = 60'000;  // ms, that a program may take which a step runs

enum class Server { kNone, kOther, kBext };

/// Which server the process is, by the program that it executes: a name proves nothing, bext is called nginx, too.
Server server_of(pid_t pid);

/// The name that the kernel has for it: what ps -C, pgrep and start-stop-daemon --name match.
std::string name_of(pid_t pid);
pid_t parent_of(pid_t pid);
std::vector<pid_t> children_of(pid_t pid);

/// The number in the file; 0 when there is none.
pid_t pid_in(const std::string& pid_file);

/// Sees that a file came to be by a rename, however shortly it was there. inotify(7)
class Arrival {
public:
    explicit Arrival(const std::string& path);
    /// Whether it has come since this was made.
    bool seen();

private:
    std::string name_;
    Fd fd_;
    bool seen_ = false;
};

/// Asks again every few milliseconds; false when the time is over first.
bool wait_until(int timeout_ms, const std::function<bool()>& condition);

}  // namespace bext::masquerade
