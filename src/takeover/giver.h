// Giver: passes listening sockets to a process that is being started, over a unix socket (SCM_RIGHTS, unix(7)).
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace bext::takeover {

/// Listens on a path and gives the sockets to every process of root's in the same namespaces that connects, until it is destroyed.
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
/// `words` in a child; waits until `pid_file` names it. A child, since nginx removes the files of inherited unix sockets when
/// it stops only if the process that started it has gone: otherwise its next start would find them in the way. When nobody gives
/// any (the way back was cut off) and bext is not who has to serve, it becomes `words` as the unit itself would.
Result<> serve_on(const std::string& path, const std::string& pid_file, const std::vector<std::string>& words);

}  // namespace bext::takeover
