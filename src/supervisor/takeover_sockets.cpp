#include "supervisor/takeover_sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "handoff/channel.h"
#include "base/counted.h"
#include "supervisor/peer.h"
#include "supervisor/report.h"

namespace bext::supervisor {
namespace {

constexpr int kTakeoverPatience = 10'000;  // ms

}  // namespace

Result<std::vector<Fd>> sockets_from_giver(const std::string& path) {
    Fd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (!fd) return Error::from_errno("socket()");
    timeval patience{kTakeoverPatience / 1000, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);  // also of a connect() to a full queue
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return Error::from_errno("connect() to " + path);
    auto peer = peer_of(fd.get());
    if (!peer || peer->uid != 0) return Error{"the process behind " + path + " is not root's"};
    fcntl(fd.get(), F_SETFL, O_NONBLOCK);
    handoff::Channel channel(std::move(fd));
    handoff::Message message;
    handoff::Channel::Got got;
    while ((got = channel.receive(message)) == handoff::Channel::Got::kNothing) {
        pollfd ready{channel.fd(), POLLIN, 0};
        if (poll(&ready, 1, kTakeoverPatience) == 0) return Error{"no sockets came from " + path};
    }
    if (got != handoff::Channel::Got::kMessage) return Error{"no sockets came from " + path};
    std::vector<Fd> fds;
    for (auto& handle : message.handles) fds.push_back(std::move(handle.fd));
    return fds;
}

std::vector<Fd> sockets_from_takeover() {
    const char* path = getenv("BEXT_TAKEOVER_SOCKET");
    if (!path) return {};
    auto fds = sockets_from_giver(path);
    unsetenv("BEXT_TAKEOVER_SOCKET");
    if (fds) {
        report(Level::kNotice, "using " + counted(fds->size(), "socket") + " of the server before");
        return *std::move(fds);
    }
    if (fds.error().system != ENOENT && fds.error().system != ECONNREFUSED) report(Level::kCrit, fds.error().text);
    return {};
}

}  // namespace bext::supervisor
