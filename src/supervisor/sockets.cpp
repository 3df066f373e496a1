#include "supervisor/sockets.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "supervisor/report.h"

namespace bext::supervisor {
namespace {

constexpr int kTries = 5;
constexpr timespec kBetweenTries{0, 500'000'000};

const sockaddr* raw(const std::string& address) { return reinterpret_cast<const sockaddr*>(address.data()); }
int family(const std::string& address) { return address.size() < sizeof(sa_family_t) ? AF_UNSPEC : raw(address)->sa_family; }

template <class Sockaddr>
Sockaddr as(const std::string& address) {
    Sockaddr value{};
    std::memcpy(&value, address.data(), std::min(sizeof value, address.size()));
    return value;
}

/// Compares what makes an address, not the padding around it.
bool same_address(const std::string& a, const std::string& b) {
    if (family(a) != family(b)) return false;
    if (family(a) == AF_INET) {
        auto x = as<sockaddr_in>(a), y = as<sockaddr_in>(b);
        return x.sin_port == y.sin_port && x.sin_addr.s_addr == y.sin_addr.s_addr;
    }
    if (family(a) == AF_INET6) {
        auto x = as<sockaddr_in6>(a), y = as<sockaddr_in6>(b);
        return x.sin6_port == y.sin6_port && std::memcmp(&x.sin6_addr, &y.sin6_addr, sizeof x.sin6_addr) == 0;
    }
    auto x = as<sockaddr_un>(a), y = as<sockaddr_un>(b);
    return std::memcmp(x.sun_path, y.sun_path, sizeof x.sun_path) == 0;
}

/// The path of a unix socket that has one.
std::string unix_path(const std::string& address) {
    if (family(address) != AF_UNIX) return {};
    auto value = as<sockaddr_un>(address);
    return {value.sun_path, strnlen(value.sun_path, sizeof value.sun_path)};
}

Result<> set(int fd, int level, int option, int value, const char* name, const std::string& text) {
    if (setsockopt(fd, level, option, &value, sizeof value) == 0) return {};
    return Error::from_errno(std::string("setsockopt(") + name + ") " + text);
}

void try_set(int fd, int level, int option, int value, const char* name, const std::string& text) {
    if (auto done = set(fd, level, option, value, name, text); !done)
        report(Level::kAlert, done.error().text + ", ignored");
}

/// Whether a unix socket's file is left over: nobody listens behind it.
bool is_stale(const std::string& address) {
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return false;
    return connect(fd.get(), raw(address), static_cast<socklen_t>(address.size())) != 0 && errno == ECONNREFUSED;
}

/// bind() with what nginx leaves to the administrator: the file of a unix socket whose owner was killed is replaced.
int bind_to(int fd, const std::string& address) {
    auto size = static_cast<socklen_t>(address.size());
    if (bind(fd, raw(address), size) == 0) return 0;
    auto path = unix_path(address);
    if (errno == EADDRINUSE && !path.empty()) {
        if (is_stale(address) && unlink(path.c_str()) == 0 && bind(fd, raw(address), size) == 0) return 0;
        errno = EADDRINUSE;
    }
    return errno;
}

}  // namespace

Result<> try_listens(const std::vector<handoff::Listen>& listens) {
    std::vector<Fd> open;  // until all have been tried
    for (auto& listen : listens) {
        Fd fd(::socket(family(listen.address), listen.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!fd) return Error::from_errno("socket() " + listen.text);
        if (auto done = set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", listen.text); !done) return done.error();
        if (family(listen.address) == AF_INET6) try_set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, listen.ipv6only, "IPV6_V6ONLY", listen.text);
        if (bind(fd.get(), raw(listen.address), static_cast<socklen_t>(listen.address.size())) != 0) {
            if (errno == EADDRINUSE) continue;
            return Error::from_errno("bind() to " + listen.text);
        }
        if (auto path = unix_path(listen.address); !path.empty()) unlink(path.c_str());
        if (listen.type == SOCK_STREAM && ::listen(fd.get(), listen.backlog) != 0 && errno != EADDRINUSE)
            return Error::from_errno("listen() to " + listen.text + ", backlog " + std::to_string(listen.backlog));
        open.push_back(std::move(fd));
    }
    return {};
}

Result<Sockets> Sockets::open(const std::vector<handoff::Listen>& listens, const Sockets& current, std::string* busy) {
    Sockets next;
    for (const auto& listen : listens) next.share(listen, current);
    for (int tries = 0; tries < kTries; ++tries) {
        next.busy_.clear();
        auto bound = next.bind_missing();
        if (!bound) {
            next.retire(current);
            return bound.error();
        }
        if (*bound == Bound::kYes) {
            for (auto& group : next.groups_)
                for (auto& socket : group.sockets) configure(group.listen, *socket);
            return next;
        }
        report(Level::kNotice, "try again to bind() after 500ms");
        nanosleep(&kBetweenTries, nullptr);
    }
    next.retire(current);
    if (busy) *busy = next.busy_;
    return Error{"still could not bind()", EADDRINUSE};
}

Result<Sockets::Bound> Sockets::bind_missing() {
    auto all = Bound::kYes;
    for (auto& group : groups_) {
        auto wanted = std::max<std::size_t>(group.listen.reuseport, 1);
        while (group.sockets.size() < wanted) {
            auto bound = bind_one(group);
            if (!bound) return bound;
            if (*bound == Bound::kYes) continue;
            all = Bound::kBusy;
            break;
        }
    }
    return all;
}

void Sockets::share(const handoff::Listen& listen, const Sockets& current) {
    Group group{listen, {}};
    for (const auto& old : current.groups_)
        for (const auto& socket : old.sockets)
            if (socket->type == listen.type && same_address(socket->address, listen.address) && !holds(*socket))
                group.sockets.push_back(socket);
    // More sockets can share the address only when the first ones allow it.
    if (listen.reuseport > group.sockets.size())
        for (auto& socket : group.sockets)
            try_set(socket->fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT", listen.text);
    groups_.push_back(std::move(group));
}

Result<Sockets::Bound> Sockets::bind_one(Group& group) {
    const auto& listen = group.listen;
    auto socket = std::make_shared<Socket>();
    socket->address = listen.address;
    socket->text = listen.text;
    socket->type = listen.type;
    int domain = family(listen.address);
    socket->fd = Fd(::socket(domain, listen.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    int fd = socket->fd.get();
    if (fd < 0) return Error::from_errno("socket() " + listen.text);
    if (auto done = set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR", listen.text); !done) return done.error();
    if (listen.reuseport)
        if (auto done = set(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT", listen.text); !done) return done.error();
    if (domain == AF_INET6) try_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, listen.ipv6only, "IPV6_V6ONLY", listen.text);
    auto failed = [&](const std::string& what, int code) -> Result<Bound> {
        auto error = Error::from_errno(what, code);
        if (code != EADDRINUSE) return error;
        report(Level::kEmerg, error.text);
        busy_ += (busy_.empty() ? "" : "; ") + error.text;
        return Bound::kBusy;
    };
    if (int code = bind_to(fd, listen.address)) return failed("bind() to " + listen.text, code);
    auto path = unix_path(listen.address);
    if (!path.empty() && chmod(path.c_str(), 0666) != 0)
        report(Level::kEmerg, Error::from_errno("chmod() \"" + path + "\"").text);
    if (listen.type == SOCK_STREAM && ::listen(fd, listen.backlog) != 0)
        return failed("listen() to " + listen.text + ", backlog " + std::to_string(listen.backlog), errno);
    group.sockets.push_back(std::move(socket));
    return Bound::kYes;
}

void Sockets::configure(const handoff::Listen& listen, Socket& socket) {
    int fd = socket.fd.get();
    const auto& text = listen.text;
    if (listen.rcvbuf != -1) try_set(fd, SOL_SOCKET, SO_RCVBUF, listen.rcvbuf, "SO_RCVBUF", text);
    if (listen.sndbuf != -1) try_set(fd, SOL_SOCKET, SO_SNDBUF, listen.sndbuf, "SO_SNDBUF", text);
    if (listen.keepalive) try_set(fd, SOL_SOCKET, SO_KEEPALIVE, listen.keepalive == 1, "SO_KEEPALIVE", text);
    if (listen.keepalive_idle) try_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, listen.keepalive_idle, "TCP_KEEPIDLE", text);
    if (listen.keepalive_interval)
        try_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, listen.keepalive_interval, "TCP_KEEPINTVL", text);
    if (listen.keepalive_count) try_set(fd, IPPROTO_TCP, TCP_KEEPCNT, listen.keepalive_count, "TCP_KEEPCNT", text);
    if (listen.fastopen != -1) try_set(fd, IPPROTO_TCP, TCP_FASTOPEN, listen.fastopen, "TCP_FASTOPEN", text);
    if (listen.type != SOCK_STREAM) return;
    if (::listen(fd, listen.backlog) != 0)  // the backlog of a kept socket may have changed
        report(Level::kAlert, Error::from_errno("listen() to " + text + ", backlog " + std::to_string(listen.backlog)).text +
                                  ", ignored");
    supervisor::acknowledge_at_once(fd, false);
    if (listen.deferred == socket.deferred) return;
    // How long a connection has waited cannot be known, so nginx's one second is used.
    try_set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, listen.deferred ? 1 : 0, "TCP_DEFER_ACCEPT", text);
    socket.deferred = listen.deferred;
}

void acknowledge_at_once(int fd, bool yes) {
    int value = yes;
    static_cast<void>(setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &value, sizeof value));  // fails on unix sockets, harmlessly
}

void Sockets::acknowledge_at_once(bool yes) const {
    for (int fd : fds()) supervisor::acknowledge_at_once(fd, yes);
}

std::vector<handoff::Loan> Sockets::loans() const {
    std::vector<handoff::Loan> loans;
    for (std::uint32_t index = 0; index < groups_.size(); ++index) {
        std::uint32_t copy = 0;
        for (const auto& socket : groups_[index].sockets) loans.push_back({{handoff::Role::kListen, index, copy++}, socket->fd.get()});
    }
    return loans;
}

std::map<std::string, std::vector<int>> Sockets::named() const {
    constexpr std::size_t kLongest = 255;
    std::map<std::string, std::vector<int>> all;
    for (auto& group : groups_)
        for (auto& socket : group.sockets) {
            auto name = socket->text.size() > kLongest ? socket->text.substr(socket->text.size() - kLongest) : socket->text;
            for (char& c : name)
                if (c == ':' || static_cast<unsigned char>(c) < 32) c = '_';
            all[name].push_back(socket->fd.get());
        }
    return all;
}

std::vector<int> Sockets::fds() const {
    std::vector<int> fds;
    for (const auto& loan : loans()) fds.push_back(loan.fd);
    return fds;
}

std::size_t Sockets::size() const { return fds().size(); }

bool Sockets::holds(const Socket& socket) const {
    for (const auto& group : groups_)
        for (const auto& own : group.sockets)
            if (own.get() == &socket) return true;
    return false;
}

void Sockets::own_files(bool own) {
    for (auto& group : groups_)
        for (auto& socket : group.sockets) socket->owns_file = own;
}

void Sockets::retire(const Sockets& next) {
    for (auto& group : groups_)
        for (auto& socket : group.sockets) {
            if (next.holds(*socket)) continue;
            auto path = unix_path(socket->address);
            if (!path.empty() && socket->owns_file && unlink(path.c_str()) != 0 && errno != ENOENT)
                report(Level::kEmerg, Error::from_errno("unlink() " + path).text);
            socket->fd.reset();
        }
    groups_.clear();
}

}  // namespace bext::supervisor
