// Address: an IPv4, IPv6 or unix socket address with nginx's text forms.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bext::net {

class Address {
public:
    Address() = default;
    Address(const sockaddr* address, socklen_t size);

    static Address ipv4(std::uint32_t host_order, std::uint16_t port);
    static Address ipv6_any(std::uint16_t port);
    static Result<Address> unix_path(std::string_view path);
    /// "127.0.0.1", "::1" or "[::1]" with `port`; nothing for anything else (names are not looked up).
    static std::optional<Address> literal(std::string_view text, std::uint16_t port);
    /// "[::1]", as URLs and listen write IPv6 addresses; nothing else may stand in brackets.
    static std::optional<Address> bracketed(std::string_view text, std::uint16_t port);

    /// The sockaddr as it is handed to another process, and back.
    static Address of_bytes(std::string_view bytes);
    std::string_view sockaddr_bytes() const { return {reinterpret_cast<const char*>(&storage_), size_}; }

    int family() const { return storage_.ss_family; }
    const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage_); }
    socklen_t size() const { return size_; }
    void set_size(socklen_t size) { size_ = size; }
    static constexpr socklen_t capacity() { return sizeof(sockaddr_storage); }

    std::uint16_t port() const;
    void set_port(std::uint16_t port);
    bool wildcard() const;
    /// The address in network order: 4, 16 or 0 bytes ($binary_remote_addr).
    std::string_view bytes() const;
    /// "127.0.0.1", "::1", "unix:/path" ("unix:" when unnamed).
    std::string host() const;
    /// Writes host() at `out` (at least 112 bytes); returns its length.
    std::size_t write_host(char* out) const;
    /// "127.0.0.1:80", "[::1]:80", "unix:/path".
    std::string text() const;

    bool operator==(const Address& other) const;

private:
    sockaddr_storage storage_{};
    socklen_t size_ = 0;
};

/// An address range: 10.0.0.0/8, 2001:db8::/32, one address, or "unix:".
class Cidr {
public:
    /// nothing: no address range. `low_bits_set` tells of bits behind the mask (they are cleared).
    static std::optional<Cidr> parse(std::string_view text, bool& low_bits_set);
    bool contains(const Address& address) const;
    int family() const { return family_; }
    int bits() const { return bits_; }
    /// 16 bytes, of which an IPv4 network uses four.
    const unsigned char* network() const { return network_; }

private:
    int family_ = 0;
    unsigned char network_[16] = {};
    int bits_ = 0;
};

}  // namespace bext::net
