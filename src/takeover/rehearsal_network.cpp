#include "takeover/rehearsal_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bext::takeover {
namespace {

constexpr const char* kOwn = "/proc/thread-self/ns/net";

/// netdevice(7), ipv6(7): what SIOCSIFADDR takes for IPv6; the kernel's header of it does not go with libc's.
struct Ifreq6 {
    in6_addr address;
    std::uint32_t prefix;
    int index;
};

/// A thread must not go on in the wrong network, where it would ask and offer at the wrong place.
void back_to(const Fd& before) {
    if (setns(before.get(), CLONE_NEWNET) != 0) abort();
}

Result<> start_loopback() {
    Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    if (!fd || ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) return Error::from_errno("starting a loopback of its own");
    return {};
}

Result<> add_ipv4(const net::Address& address, int number) {
    Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    snprintf(request.ifr_name, sizeof request.ifr_name, "lo:%d", number);
    std::memcpy(&request.ifr_addr, address.raw(), sizeof(sockaddr_in));
    if (!fd || ioctl(fd.get(), SIOCSIFADDR, &request) != 0) return Error::from_errno("adding " + address.host());
    reinterpret_cast<sockaddr_in*>(&request.ifr_addr)->sin_addr.s_addr = INADDR_NONE;  // this address alone
    if (ioctl(fd.get(), SIOCSIFNETMASK, &request) != 0) return Error::from_errno("the mask of " + address.host());
    return {};
}

Result<> add_ipv6(const net::Address& address) {
    Fd fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    Ifreq6 request{};
    std::memcpy(&request.address, address.bytes().data(), sizeof request.address);
    request.prefix = 128;
    request.index = static_cast<int>(if_nametoindex("lo"));
    if (!fd || (ioctl(fd.get(), SIOCSIFADDR, &request) != 0 && errno != EEXIST)) return Error::from_errno("adding " + address.host());
    return {};
}

Result<> furnish(const std::vector<net::Address>& addresses) {
    if (auto up = start_loopback(); !up) return up;
    int number = 0;
    for (auto& address : addresses) {
        bool loopback = address.host().starts_with("127.") || address.host() == "::1" || address.host() == "[::1]";
        if (address.wildcard() || loopback) continue;
        auto added = address.family() == AF_INET ? add_ipv4(address, ++number) : add_ipv6(address);
        if (!added) return added;
    }
    return {};
}

}  // namespace

Result<PrivateNetwork> PrivateNetwork::create(const std::vector<net::Address>& addresses) {
    Fd before(open(kOwn, O_RDONLY | O_CLOEXEC));
    if (!before) return Error::from_errno(std::string("open() ") + kOwn);
    if (unshare(CLONE_NEWNET) != 0) return Error::from_errno("making a network of its own");
    PrivateNetwork network;
    network.handle_ = Fd(open(kOwn, O_RDONLY | O_CLOEXEC));
    auto furnished = network.handle_ ? furnish(addresses) : Result<>(Error::from_errno(std::string("open() ") + kOwn));
    back_to(before);
    if (!furnished) return furnished.error();
    return network;
}

Result<> PrivateNetwork::inside(const std::function<Result<>()>& work) const {
    Fd before(open(kOwn, O_RDONLY | O_CLOEXEC));
    if (!before || setns(handle_.get(), CLONE_NEWNET) != 0) return Error::from_errno("entering a network of its own");
    auto done = work();
    back_to(before);
    return done;
}

Fd PrivateNetwork::socket(int family) const {
    Fd fd;
    static_cast<void>(inside([&]() -> Result<> {
        fd = Fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        return {};
    }));
    return fd;
}

}  // namespace bext::takeover
