#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "base/text.h"

namespace bext::net {
namespace {

const sockaddr_in& v4(const sockaddr_storage& s) { return reinterpret_cast<const sockaddr_in&>(s); }
const sockaddr_in6& v6(const sockaddr_storage& s) { return reinterpret_cast<const sockaddr_in6&>(s); }
const sockaddr_un& un(const sockaddr_storage& s) { return reinterpret_cast<const sockaddr_un&>(s); }

std::string_view unix_text(const sockaddr_storage& s, socklen_t size) {
    if (size <= offsetof(sockaddr_un, sun_path)) return {};
    auto most = size - offsetof(sockaddr_un, sun_path);
    return {un(s).sun_path, strnlen(un(s).sun_path, most)};
}

}  // namespace

Address::Address(const sockaddr* address, socklen_t size) : size_(size) {
    std::memcpy(&storage_, address, std::min<std::size_t>(size, sizeof storage_));
}

Address Address::of_bytes(std::string_view bytes) {
    Address address;
    address.size_ = static_cast<socklen_t>(std::min<std::size_t>(bytes.size(), capacity()));
    std::memcpy(&address.storage_, bytes.data(), address.size_);
    return address;
}

Address Address::ipv4(std::uint32_t host_order, std::uint16_t port) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_addr.s_addr = htonl(host_order);
    in.sin_port = htons(port);
    return {reinterpret_cast<sockaddr*>(&in), sizeof in};
}

Address Address::ipv6_any(std::uint16_t port) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    return {reinterpret_cast<sockaddr*>(&in), sizeof in};
}

Result<Address> Address::unix_path(std::string_view path) {
    sockaddr_un sun{};
    sun.sun_family = AF_UNIX;
    if (path.size() >= sizeof sun.sun_path) return Error{"too long path in the unix domain socket"};
    std::memcpy(sun.sun_path, path.data(), path.size());
    return Address(reinterpret_cast<sockaddr*>(&sun), static_cast<socklen_t>(sizeof sun));
}

std::optional<Address> Address::literal(std::string_view text, std::uint16_t port) {
    std::string host(text);
    sockaddr_in in{};
    if (inet_pton(AF_INET, host.c_str(), &in.sin_addr) == 1) return ipv4(ntohl(in.sin_addr.s_addr), port);
    sockaddr_in6 in6{};
    if (inet_pton(AF_INET6, host.c_str(), &in6.sin6_addr) != 1) return std::nullopt;
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    return Address(reinterpret_cast<sockaddr*>(&in6), sizeof in6);
}

std::optional<Address> Address::bracketed(std::string_view text, std::uint16_t port) {
    if (text.size() < 3 || text.front() != '[' || text.back() != ']') return std::nullopt;
    auto address = literal(text.substr(1, text.size() - 2), port);
    return address && address->family() == AF_INET6 ? address : std::nullopt;
}

std::uint16_t Address::port() const {
    if (family() == AF_INET) return ntohs(v4(storage_).sin_port);
    if (family() == AF_INET6) return ntohs(v6(storage_).sin6_port);
    return 0;
}

void Address::set_port(std::uint16_t port) {
    if (family() == AF_INET) reinterpret_cast<sockaddr_in&>(storage_).sin_port = htons(port);
    if (family() == AF_INET6) reinterpret_cast<sockaddr_in6&>(storage_).sin6_port = htons(port);
}

bool Address::wildcard() const {
    if (family() == AF_INET) return v4(storage_).sin_addr.s_addr == INADDR_ANY;
    if (family() == AF_INET6) return IN6_IS_ADDR_UNSPECIFIED(&v6(storage_).sin6_addr);
    return false;
}

std::string_view Address::bytes() const {
    if (family() == AF_INET) return {reinterpret_cast<const char*>(&v4(storage_).sin_addr), 4};
    if (family() == AF_INET6) return {reinterpret_cast<const char*>(&v6(storage_).sin6_addr), 16};
    return {};
}

std::size_t Address::write_host(char* out) const {
    if (family() == AF_INET) {
        auto* b = reinterpret_cast<const unsigned char*>(&v4(storage_).sin_addr);
        char* p = out;
        for (int i = 0; i < 4; ++i) {
            if (i) *p++ = '.';
            p = put_decimal(p, b[i]);
        }
        return static_cast<std::size_t>(p - out);
    }
    if (family() == AF_INET6) {
        inet_ntop(AF_INET6, &v6(storage_).sin6_addr, out, 64);
        return std::strlen(out);
    }
    auto path = unix_text(storage_, size_);
    std::memcpy(out, "unix:", 5);
    auto size = std::min<std::size_t>(path.size(), 107);
    if (size) std::memcpy(out + 5, path.data(), size);
    return 5 + size;
}

std::string Address::host() const {
    char buffer[128];
    return {buffer, write_host(buffer)};
}

std::string Address::text() const {
    if (family() == AF_INET6) return "[" + host() + "]:" + std::to_string(port());
    if (family() == AF_INET) return host() + ":" + std::to_string(port());
    return host();
}

bool Address::operator==(const Address& other) const {
    if (family() != other.family()) return false;
    if (family() == AF_UNIX) return unix_text(storage_, size_) == unix_text(other.storage_, other.size_);
    return port() == other.port() && bytes() == other.bytes();
}

std::optional<Cidr> Cidr::parse(std::string_view text, bool& low_bits_set) {
    low_bits_set = false;
    Cidr cidr;
    if (text == "unix:") {
        cidr.family_ = AF_UNIX;
        return cidr;
    }
    auto slash = text.find('/');
    auto address = Address::literal(text.substr(0, slash), 0);
    if (!address) return std::nullopt;
    auto bytes = address->bytes();
    cidr.family_ = address->family();
    cidr.bits_ = static_cast<int>(bytes.size()) * 8;
    std::memcpy(cidr.network_, bytes.data(), bytes.size());
    if (slash == std::string_view::npos) return cidr;
    auto bits = parse_decimal(text.substr(slash + 1), static_cast<std::uint64_t>(cidr.bits_));
    if (!bits) return std::nullopt;
    cidr.bits_ = static_cast<int>(*bits);
    for (int i = 0; i < static_cast<int>(bytes.size()); ++i) {
        int keep = std::min(8, std::max(0, cidr.bits_ - i * 8));
        auto mask = static_cast<unsigned char>(0xff00 >> keep);
        if (cidr.network_[i] & ~mask) low_bits_set = true;
        cidr.network_[i] &= mask;
    }
    return cidr;
}

bool Cidr::contains(const Address& address) const {
    auto bytes = address.bytes();
    int family = address.family();
    if (family == AF_INET6 && family_ == AF_INET && bytes.size() == 16 &&
        std::memcmp(bytes.data(), "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0) {  // an IPv4 client on an IPv6 socket
        bytes = bytes.substr(12);
        family = AF_INET;
    }
    if (family != family_) return false;
    if (family_ == AF_UNIX) return true;
    int whole = bits_ / 8;
    if (std::memcmp(bytes.data(), network_, static_cast<std::size_t>(whole)) != 0) return false;
    if (bits_ % 8 == 0) return true;
    auto mask = static_cast<unsigned char>(0xff00 >> (bits_ % 8));
    return (static_cast<unsigned char>(bytes[static_cast<std::size_t>(whole)]) & mask) == network_[whole];
}

}  // namespace bext::net
