#include "supervisor/control.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>

namespace bext::supervisor {
namespace {

constexpr std::size_t kLongest = 128 * 1024;

/// An abstract name, so that no file is left behind. Process ids are unique in their namespace only.
sockaddr_un name_of(pid_t pid, socklen_t& size) {
    struct stat space {};
    static_cast<void>(stat("/proc/self/ns/pid", &space));
    auto name = "bext/" + std::to_string(space.st_ino) + "/" + std::to_string(pid);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    return address;
}

bool peer_of(int fd, ucred& peer) {
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
}

}  // namespace

void Asker::answer(char verdict, std::string_view text) {
    auto packet = verdict + std::string(text.substr(0, kLongest - 1));
    static_cast<void>(send(fd_.get(), packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    fd_.reset();
}

Result<Control> Control::listen() {
    Control control;
    control.fd_ = Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!control.fd_) return Error::from_errno("socket()");
    socklen_t size = 0;
    auto address = name_of(getpid(), size);
    if (bind(control.fd(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return Error::from_errno("bind() of the control socket");
    if (::listen(control.fd(), 64) != 0) return Error::from_errno("listen() on the control socket");
    return control;
}

std::optional<Asker> Control::accept() {
    Fd fd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    ucred peer{};
    if (!fd || !peer_of(fd.get(), peer)) return std::nullopt;
    if (peer.uid != 0 && peer.uid != geteuid()) return std::nullopt;
    return Asker(std::move(fd));
}

std::optional<std::string> Control::read(const Asker& asker) {
    std::array<char, 4096> bytes;
    auto size = recv(asker.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
    return size > 0 ? std::string(bytes.data(), static_cast<std::size_t>(size)) : std::string();
}

std::optional<Result<std::string>> ask(pid_t pid, std::string_view request, int timeout_ms) {
    Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    socklen_t size = 0;
    auto address = name_of(pid, size);
    if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return std::nullopt;
    ucred peer{};
    if (!peer_of(fd.get(), peer) || peer.pid != pid) return std::nullopt;  // somebody else has taken the name
    if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return Error::from_errno("send() to process " + std::to_string(pid));
    pollfd ready{fd.get(), POLLIN, 0};
    if (poll(&ready, 1, timeout_ms) == 0) return Error{"process " + std::to_string(pid) + " has not answered in " + std::to_string(timeout_ms / 1000) + " s"};
    std::string answer(kLongest, 0);
    auto got = recv(fd.get(), answer.data(), answer.size(), 0);
    if (got <= 0) return Error{"process " + std::to_string(pid) + " ended before it answered"};
    answer.resize(static_cast<std::size_t>(got));
    bool good = answer.front() == '+';
    answer.erase(0, 1);
    return good ? Result<std::string>(std::move(answer)) : Result<std::string>(Error{std::move(answer)});
}

}  // namespace bext::supervisor
