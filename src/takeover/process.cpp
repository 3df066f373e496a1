#include "takeover/process.h"

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>

#include "base/text.h"
#include "net/address.h"
#include "takeover/disk.h"

namespace bext::takeover {
namespace {

std::string link_of(const std::string& path) {
    char target[PATH_MAX];
    auto size = readlink(path.c_str(), target, sizeof target);
    return size > 0 ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

/// Field 22 of /proc/PID/stat, counted behind the name, which may hold anything.
std::uint64_t start_time(pid_t pid) {
    auto text = read_small("/proc/" + std::to_string(pid) + "/stat");
    auto end = text.rfind(')');
    if (end == std::string::npos) return 0;
    auto fields = split(std::string_view(text).substr(end + 2), ' ');
    return fields.size() > 19 ? parse_decimal(fields[19]).value_or(0) : 0;
}

std::string program_of(pid_t pid) {
    constexpr std::string_view kGone = " (deleted)";
    auto path = link_of("/proc/" + std::to_string(pid) + "/exe");
    if (path.ends_with(kGone)) path.resize(path.size() - kGone.size());
    return path;
}

/// The numbers of the sockets among a process's descriptors, with their inodes.
std::vector<std::pair<int, std::uint64_t>> socket_numbers(pid_t pid) {
    std::vector<std::pair<int, std::uint64_t>> found;
    auto path = "/proc/" + std::to_string(pid) + "/fd";
    std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
    if (!directory) return found;
    while (auto* entry = readdir(directory.get())) {
        auto number = parse_decimal(entry->d_name, INT32_MAX);
        auto target = number ? link_of(path + "/" + entry->d_name) : std::string();
        if (!target.starts_with("socket:[")) continue;
        auto inode = parse_decimal(std::string_view(target).substr(8, target.size() - 9));
        if (inode) found.emplace_back(static_cast<int>(*number), *inode);
    }
    return found;
}

/// Listens for streams on an address that is not a name of the kernel's own (an abstract one).
bool listens_for_clients(int fd) {
    int listening = 0, type = 0;
    socklen_t size = sizeof(int);
    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    if (!listening || type != SOCK_STREAM) return false;
    sockaddr_storage address{};
    size = sizeof address;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return false;
    if (address.ss_family != AF_UNIX) return address.ss_family == AF_INET || address.ss_family == AF_INET6;
    return reinterpret_cast<sockaddr_un&>(address).sun_path[0] == '/';
}

}  // namespace

Result<Process> Process::find(pid_t pid) {
    Process process;
    process.pid_ = pid;
    process.handle_ = Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!process.handle_) return Error::from_errno("pidfd_open() of process " + std::to_string(pid));
    process.started_ = start_time(pid);
    process.program_ = program_of(pid);
    if (!process.started_ || !process.same()) return Error{"process " + std::to_string(pid) + " is gone"};
    return process;
}

bool Process::same() const {
    pollfd ended{handle_.get(), POLLIN, 0};
    return poll(&ended, 1, 0) == 0 && start_time(pid_) == started_ && program_of(pid_) == program_;
}

Result<std::vector<Fd>> Process::listeners() const {
    std::vector<Fd> found;
    std::set<std::uint64_t> seen;
    for (auto [number, inode] : socket_numbers(pid_)) {
        if (seen.contains(inode)) continue;
        Fd fd(static_cast<int>(syscall(SYS_pidfd_getfd, handle_.get(), number, 0)));
        if (!fd && errno == EBADF) continue;  // closed meanwhile
        if (!fd) return Error::from_errno("pidfd_getfd() from process " + std::to_string(pid_));
        if (!listens_for_clients(fd.get()) || !seen.insert(inode_of(fd.get())).second) continue;
        found.push_back(std::move(fd));
    }
    if (!same()) return Error{"process " + std::to_string(pid_) + " ended while its sockets were taken"};
    return found;
}

void Process::send(int signal) const { syscall(SYS_pidfd_send_signal, handle_.get(), signal, nullptr, 0); }

std::vector<pid_t> processes_of(const std::string& control_group) {
    std::vector<pid_t> pids;
    if (control_group.empty()) return pids;
    std::string text;
    for (auto* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"})
        if (text.empty()) text = read_small(root + control_group + "/cgroup.procs");
    for (auto line : split(text, '\n'))
        if (auto pid = parse_decimal(line, INT32_MAX)) pids.push_back(static_cast<pid_t>(*pid));
    return pids;
}

std::set<std::uint64_t> sockets_of(const std::vector<pid_t>& pids) {
    std::set<std::uint64_t> inodes;
    for (auto pid : pids)
        for (auto [number, inode] : socket_numbers(pid)) inodes.insert(inode);
    return inodes;
}

std::uint64_t inode_of(int fd) {
    struct stat facts {};
    return fstat(fd, &facts) == 0 ? facts.st_ino : 0;
}

std::string address_text(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "?";
    return net::Address(reinterpret_cast<sockaddr*>(&address), size).text();
}

std::vector<std::string> command_line(pid_t pid) {
    std::vector<std::string> words;
    auto text = read_small("/proc/" + std::to_string(pid) + "/cmdline");
    for (auto word : split(text, '\0')) words.emplace_back(word);
    while (!words.empty() && words.back().empty()) words.pop_back();
    return words;
}

}  // namespace bext::takeover
