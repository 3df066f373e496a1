// Process: one process and no other, however often its number is used again; what it has open. pidfd_open(2), proc(5)
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace bext::takeover {

class Process {
public:
    /// The process that has this number now.
    static Result<Process> find(pid_t pid);

    pid_t pid() const { return pid_; }
    /// The path of its program; " (deleted)" is left out.
    const std::string& program() const { return program_; }
    /// Whether it still runs, and still the same program.
    bool same() const;
    /// Duplicates of its listening stream sockets that have an address others can reach (pidfd_getfd(2)), each socket once.
    Result<std::vector<Fd>> listeners() const;
    void send(int signal) const;

private:
    pid_t pid_ = 0;
    std::uint64_t started_ = 0;
    std::string program_;
    Fd handle_;
};

/// The processes of a control group as systemd names it ("/system.slice/nginx.service").
std::vector<pid_t> processes_of(const std::string& control_group);
/// The inodes of all sockets that these processes have open.
std::set<std::uint64_t> sockets_of(const std::vector<pid_t>& pids);
/// The inode of a socket.
std::uint64_t inode_of(int fd);
/// "127.0.0.1:80" and so on: where a listening socket listens.
std::string address_text(int fd);
/// The words of a process's command line.
std::vector<std::string> command_line(pid_t pid);

}  // namespace bext::takeover
