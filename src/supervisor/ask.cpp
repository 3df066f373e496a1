// The commands' end of the control socket (control.h). Nothing here waits longer than the caller has time.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "supervisor/control.h"
#include "supervisor/control_place.h"
#include "supervisor/peer.h"

namespace bext::supervisor {
namespace {

constexpr int kTimeForOlder = 1000;         // ms
constexpr timespec kBetween{0, 10'000'000};

struct Address {
    sockaddr_un name{};
    socklen_t size = sizeof(sockaddr_un);
};

Address address_of(const std::string& path) {
    Address address;
    address.name.sun_family = AF_UNIX;
    path.copy(address.name.sun_path, sizeof address.name.sun_path - 1);
    return address;
}

/// Where an older bext listens, which an upgrade is to replace: any user may take that name, so whoever has it must be the
/// process that is meant.
Address older_address_of(pid_t pid) {
    struct stat space {};
    static_cast<void>(stat("/proc/self/ns/pid", &space));
    auto name = "bext/" + std::to_string(space.st_ino) + "/" + std::to_string(pid);
    Address address;
    address.name.sun_family = AF_UNIX;
    name.copy(address.name.sun_path + 1, sizeof address.name.sun_path - 1);
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    return address;
}

class Deadline {
public:
    explicit Deadline(int ms) : end_(now() + ms) {}
    int left() const { return static_cast<int>(std::max<std::int64_t>(end_ - now(), 0)); }

private:
    static std::int64_t now() {
        timespec time{};
        clock_gettime(CLOCK_MONOTONIC, &time);
        return std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
    }
    std::int64_t end_;
};

/// A connection to the very process that is meant; nothing when somebody else, or nobody, is there. A full queue is waited
/// for: `full` tells that it stayed so.
Fd connect_to(pid_t pid, const Address& address, const Deadline& deadline, bool& full) {
    Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fd;
    while (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.name), address.size) != 0) {
        full = errno == EAGAIN && deadline.left() == 0;
        if ((errno != EAGAIN && errno != EINTR) || full) return Fd();
        nanosleep(&kBetween, nullptr);
    }
    auto peer = peer_of(fd.get());
    return peer && peer->pid == pid && is_trusted(*peer) ? std::move(fd) : Fd();
}

Fd connect_to_server(pid_t pid, const Deadline& deadline, bool& full) {
    for (auto& directory : control_directories()) {
        auto path = directory + "/" + control_name(pid);
        if (path.size() >= sizeof(sockaddr_un::sun_path)) continue;
        auto fd = connect_to(pid, address_of(path), deadline, full);
        if (fd || full) return fd;
    }
    bool taken = false;  // who fills another's queue there keeps nobody for long
    return connect_to(pid, older_address_of(pid), Deadline(std::min(deadline.left(), kTimeForOlder)), taken);
}

/// False when the time is over first.
bool wait_for(int fd, short what, const Deadline& deadline) {
    pollfd ready{fd, what, 0};
    int count = 0;
    while ((count = poll(&ready, 1, deadline.left())) < 0 && errno == EINTR) {
    }
    return count > 0;
}

}  // namespace

std::optional<Result<std::string>> ask(pid_t pid, std::string_view request, int timeout_ms) {
    auto process = "process " + std::to_string(pid);
    Error late{process + " has not answered in " + std::to_string(timeout_ms / 1000) + " s"};
    Deadline deadline(timeout_ms);
    bool full = false;
    auto fd = connect_to_server(pid, deadline, full);
    if (full) return late;
    if (!fd) return std::nullopt;
    if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0 && errno != EPIPE) return Error::from_errno("send() to " + process);
    std::string answer(kLongestAnswer, 0);
    ssize_t got = 0;
    do {
        if (!wait_for(fd.get(), POLLIN, deadline)) return late;
        got = recv(fd.get(), answer.data(), answer.size(), 0);
        // Who is refused has not been read from, of which the kernel tells before it gives the answer.
    } while (got < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET));
    if (got <= 0) return Error{process + " ended before it answered"};
    answer.resize(static_cast<std::size_t>(got));
    bool good = answer.front() == '+';
    answer.erase(0, 1);
    return good ? Result<std::string>(std::move(answer)) : Result<std::string>(Error{std::move(answer)});
}

}  // namespace bext::supervisor
