// The PROXY protocol, versions 1 and 2, as nginx's ngx_proxy_protocol_read takes it, and version 1 written
// (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

struct sockaddr;

namespace bext::net {

/// What a PROXY protocol header says. The views of the addresses point into the object itself, `tlvs` into the input.
struct ProxyHeader {
    bool proxied = false;       ///< has addresses; false for UNKNOWN, LOCAL and families that nginx passes over
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::string_view tlvs;      ///< the type-length-value fields of version 2, for find_tlv
    std::size_t size = 0;       ///< bytes of the header

    /// $proxy_protocol_addr
    std::string_view source() const { return {source_text, source_size}; }
    /// $proxy_protocol_server_addr
    std::string_view destination() const { return {destination_text, destination_size}; }

    static constexpr std::size_t kText = 96;
    char source_text[kText];
    char destination_text[kText];
    std::uint8_t source_size = 0;
    std::uint8_t destination_size = 0;
};

enum class ProxyParse : std::uint8_t {
    kAgain,           ///< a good beginning: more bytes are needed
    kDone,            ///< `header` is filled
    kInvalid,         ///< nginx: "broken header"
    kUnknownVersion,  ///< nginx: "unknown PROXY protocol version"
    kTooLarge,        ///< nginx: "header is too large"
};

/// The longest header of version 1, and what is read of one of version 2 at most.
inline constexpr std::size_t kProxyV1Max = 107;
inline constexpr std::size_t kProxyV2Max = 4096;

/// Reads the header that a connection begins with; `data` are all bytes received so far.
ProxyParse parse_proxy_header(std::string_view data, ProxyHeader& header);

enum class Tlv : std::uint8_t { kFound, kAbsent, kBroken, kUnknownName };

/// The first field of `type` in `tlvs`.
Tlv find_tlv(std::string_view tlvs, unsigned type, std::string_view& value);

/// Room for a number that find_named_tlv writes.
using TlvNumber = char[10];

/// The field that $proxy_protocol_tlv_NAME names: alpn, authority, unique_id, ssl, netns, ssl_version, ssl_cn,
/// ssl_cipher, ssl_sig_alg, ssl_key_alg, ssl_verify (written into `number`), and 0xNN or ssl_0xNN.
Tlv find_named_tlv(std::string_view tlvs, std::string_view name, TlvNumber& number, std::string_view& value);

/// Writes "PROXY TCP4 source destination port port" (kProxyV1Max bytes at most), or "PROXY UNKNOWN" unless `source` is
/// an IPv4 or IPv6 address; `destination` has to be of the same family. Returns the end.
char* write_proxy_v1(char* out, const sockaddr* source, const sockaddr* destination);

}  // namespace bext::net
