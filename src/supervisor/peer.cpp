#include "supervisor/peer.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/fd.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

namespace bext::supervisor {
namespace {

std::string small_file(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> text;
    auto size = fd ? read(fd.get(), text.data(), text.size()) : 0;
    return {text.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
}

/// The process itself, so that its number cannot have become another's meanwhile; older kernels have only the number.
Fd process_of(int socket, pid_t pid) {
    int fd = -1;
    socklen_t size = sizeof fd;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0) return Fd(fd);
    if (errno != ENOPROTOOPT) return Fd();  // it is gone
    return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
}

/// The field NSpid of a file of /proc: a process's numbers in this pid namespace and in those further in, as "17\t1".
std::string numbers_in(const std::string& path) {
    constexpr std::string_view kName = "\nNSpid:\t";
    auto text = small_file(path);
    auto at = text.find(kName);
    if (at == std::string::npos) return {};
    at += kName.size();
    return text.substr(at, text.find('\n', at) - at);
}

/// The descriptor's own file tells it of every process; /proc/PID may be hidden (ProtectProc=).
bool in_this_pid_namespace(int socket, pid_t pid) {
    if (pid <= 0) return false;
    auto number = std::to_string(pid);
    auto process = process_of(socket, pid);
    auto numbers = process ? numbers_in("/proc/self/fdinfo/" + std::to_string(process.get())) : std::string();
    if (numbers.empty()) numbers = numbers_in("/proc/" + number + "/status");
    // A kernel that says it of nobody has no such namespaces.
    return numbers == number || (numbers.empty() && process && numbers_in("/proc/self/status").empty());
}

/// A process that has more rights than this one cannot be looked at; one in a user namespace of this user's can.
bool in_another_user_namespace(pid_t pid) {
    struct stat own {}, its {};
    if (stat("/proc/self/ns/user", &own) != 0 || stat(("/proc/" + std::to_string(pid) + "/ns/user").c_str(), &its) != 0) return false;
    return own.st_dev != its.st_dev || own.st_ino != its.st_ino;
}

}  // namespace

std::optional<Peer> peer_of(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return Peer{peer.pid, peer.uid};
}

bool is_trusted(const Peer& peer) { return peer.uid == 0 || peer.uid == geteuid(); }

std::string reason_against(int socket) {
    auto peer = peer_of(socket);
    if (!peer || !is_trusted(*peer)) return "only root and the user of this server may ask it";
    if (!in_this_pid_namespace(socket, peer->pid)) return "a process of another pid namespace may not ask this server";
    if (in_another_user_namespace(peer->pid)) return "a process of another user namespace may not ask this server";
    return {};
}

}  // namespace bext::supervisor
