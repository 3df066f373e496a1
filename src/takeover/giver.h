// Giver: passes listening sockets to a process that is being started, over a unix socket (SCM_RIGHTS, unix(7)).
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace bext::takeover {

/// Listens on a path and gives the sockets to every process of root's that connects, until it is destroyed.
class Giver {
public:
    static Result<Giver> open(const std::string& path, const std::vector<Fd>& sockets);
    Giver(Giver&&) = default;
    ~Giver();

private:
    Giver() = default;

    std::string path_;
    Fd stop_;
    std::thread thread_;
};

/// Receives the sockets of a Giver, places them in the environment as nginx's own inheritance variable, and executes
/// `words` in this process. Returns only when that failed.
Error serve_on(const std::string& path, const std::vector<std::string>& words);

}  // namespace bext::takeover
