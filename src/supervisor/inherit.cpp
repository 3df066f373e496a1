// The inherited sockets of sockets.h: nginx's protocol for changing the binary, and bext's own variable for the same.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "supervisor/report.h"
#include "supervisor/sockets.h"

namespace bext::supervisor {
namespace {

constexpr std::uint64_t kHighestFd = 1 << 30;

/// Numbers that each end in `separator`; for the last one the separator may be missing when `open_end`.
std::vector<Fd> parse(std::string_view name, std::string_view value, std::string_view separators, bool open_end) {
    std::vector<Fd> fds;
    while (!value.empty()) {
        auto stop = value.find_first_of(separators);
        if (stop == std::string_view::npos && !open_end) {
            report(Level::kEmerg, cat({"invalid socket number \"", value, "\" in ", name, " environment variable, ignoring"}));
            break;
        }
        auto number = parse_decimal(value.substr(0, stop), kHighestFd);
        if (!number) {
            report(Level::kEmerg, cat({"invalid socket number \"", value, "\" in ", name,
                                       " environment variable, ignoring the rest of the variable"}));
            break;
        }
        fds.emplace_back(static_cast<int>(*number));
        value = stop == std::string_view::npos ? std::string_view() : value.substr(stop + 1);
    }
    return fds;
}

std::string text_of(const sockaddr_storage& address, socklen_t size) {
    char host[INET6_ADDRSTRLEN] = "";
    if (address.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(address);
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
        return std::string(host) + ":" + std::to_string(ntohs(in.sin_port));
    }
    if (address.ss_family == AF_INET6) {
        const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
        inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof host);
        return std::string("[") + host + "]:" + std::to_string(ntohs(in.sin6_port));
    }
    const auto& local = reinterpret_cast<const sockaddr_un&>(address);
    auto length = size > offsetof(sockaddr_un, sun_path) ? size - offsetof(sockaddr_un, sun_path) : 0;
    return "unix:" + std::string(local.sun_path, strnlen(local.sun_path, length));
}

int option(int fd, int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

}  // namespace

std::vector<Fd> sockets_from_environment(bool& found) {
    std::vector<Fd> fds;
    found = false;
    for (auto [name, separators, open_end] : {std::tuple("BEXT_UPGRADE_FDS", ",", true), std::tuple("NGINX", ":;", false)}) {
        const char* value = getenv(name);
        if (!value) continue;
        found = true;
        if (*value && fds.empty()) report(Level::kNotice, cat({"using inherited sockets from \"", value, "\""}));
        if (fds.empty()) fds = parse(name, value, separators, open_end);  // both name the same ones
        unsetenv(name);
    }
    return fds;
}

Sockets Sockets::adopt(std::vector<Fd> fds) {
    Sockets sockets;
    for (auto& fd : fds) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        auto number = std::to_string(fd.get());
        if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            report(Level::kCrit, Error::from_errno("getsockname() of the inherited socket #" + number).text);
            continue;
        }
        if (address.ss_family != AF_INET && address.ss_family != AF_INET6 && address.ss_family != AF_UNIX) {
            report(Level::kCrit, "the inherited socket #" + number + " has an unsupported protocol family");
            continue;
        }
        fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
        fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
        auto socket = std::make_shared<Socket>();
        socket->address.assign(reinterpret_cast<const char*>(&address), size);
        socket->text = text_of(address, size);
        socket->type = option(fd.get(), SOL_SOCKET, SO_TYPE);
        socket->deferred = option(fd.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT) > 0;
        socket->owns_file = false;
        socket->fd = std::move(fd);
        sockets.groups_.push_back({{}, {std::move(socket)}});
    }
    return sockets;
}

}  // namespace bext::supervisor
