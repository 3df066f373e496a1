// The PROXY protocol, versions 1 and 2, as nginx's ngx_proxy_protocol_read takes it, and version 1 written.
#include "net/proxy_protocol.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace bext::net {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kV2Head = 16;
constexpr unsigned kSsl = 0x20;
constexpr std::size_t kSslHead = 5;  // one byte of client flags, four of the verification's result

std::uint16_t big16(const char* p) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(p[0]) << 8 | static_cast<unsigned char>(p[1]));
}

bool is_prefix(std::string_view data, std::string_view of) {
    const std::size_t count = std::min(data.size(), of.size());
    return data.substr(0, count) == of.substr(0, count);
}

// Takes an address of version 1 and the space after it off `text`.
bool take_address(std::string_view& text, char* out, std::uint8_t& size) {
    const std::size_t end = text.find(' ');
    if (end == text.npos || end > ProxyHeader::kText) return false;
    for (std::size_t i = 0; i < end; ++i) {
        if (hex_digit(text[i]) < 0 && text[i] != ':' && text[i] != '.') return false;
        out[i] = text[i];
    }
    size = static_cast<std::uint8_t>(end);
    text.remove_prefix(end + 1);
    return true;
}

bool read_port(std::string_view digits, std::uint16_t& port) {
    const auto number = parse_decimal(digits, 65535);
    if (!number) return false;
    port = static_cast<std::uint16_t>(*number);
    return true;
}

// The line of version 1 after "PROXY ", without its CRLF.
bool read_v1_line(std::string_view line, ProxyHeader& header) {
    if (line.substr(0, 7) == "UNKNOWN") return true;
    if (line.substr(0, 5) != "TCP4 " && line.substr(0, 5) != "TCP6 ") return false;
    line.remove_prefix(5);
    if (!take_address(line, header.source_text, header.source_size)) return false;
    if (!take_address(line, header.destination_text, header.destination_size)) return false;
    const std::size_t space = line.find(' ');
    if (space == line.npos || !read_port(line.substr(0, space), header.source_port)) return false;
    if (!read_port(line.substr(space + 1), header.destination_port)) return false;
    header.proxied = true;
    return true;
}

ProxyParse parse_v1(std::string_view data, ProxyHeader& header) {
    constexpr std::string_view kStart = "PROXY ";
    if (!is_prefix(data, kStart)) return ProxyParse::kInvalid;
    const std::size_t end = data.substr(0, kProxyV1Max).find("\r\n");
    if (end == data.npos) return data.size() < kProxyV1Max ? ProxyParse::kAgain : ProxyParse::kInvalid;
    if (!read_v1_line(data.substr(kStart.size(), end - kStart.size()), header)) return ProxyParse::kInvalid;
    header.size = end + 2;
    return ProxyParse::kDone;
}

// Writes the two addresses of version 2; `bytes` is the length of one.
void read_v2_addresses(const char* body, int family, std::size_t bytes, ProxyHeader& header) {
    inet_ntop(family, body, header.source_text, ProxyHeader::kText);
    inet_ntop(family, body + bytes, header.destination_text, ProxyHeader::kText);
    header.source_size = static_cast<std::uint8_t>(std::strlen(header.source_text));
    header.destination_size = static_cast<std::uint8_t>(std::strlen(header.destination_text));
    header.source_port = big16(body + 2 * bytes);
    header.destination_port = big16(body + 2 * bytes + 2);
    header.proxied = true;
}

ProxyParse parse_v2(std::string_view data, ProxyHeader& header) {
    constexpr int kProxy = 1, kStream = 1, kInet = 1, kInet6 = 2;
    if (data.size() <= kSignature.size()) return ProxyParse::kAgain;
    const auto version_command = static_cast<unsigned char>(data[12]);
    if (version_command >> 4 != 2) return ProxyParse::kUnknownVersion;
    if (data.size() < kV2Head) return ProxyParse::kAgain;
    const std::size_t length = big16(data.data() + 14);
    if (kV2Head + length > kProxyV2Max) return ProxyParse::kTooLarge;
    if (data.size() < kV2Head + length) return ProxyParse::kAgain;

    const auto family_transport = static_cast<unsigned char>(data[13]);
    const int family = family_transport >> 4;
    header.size = kV2Head + length;
    if ((version_command & 0xf) != kProxy || (family_transport & 0xf) != kStream) return ProxyParse::kDone;
    if (family != kInet && family != kInet6) return ProxyParse::kDone;

    const std::size_t bytes = family == kInet ? 4 : 16;
    const std::size_t addresses = 2 * bytes + 4;
    if (length < addresses) return ProxyParse::kInvalid;
    read_v2_addresses(data.data() + kV2Head, family == kInet ? AF_INET : AF_INET6, bytes, header);
    header.tlvs = data.substr(kV2Head + addresses, length - addresses);
    return ProxyParse::kDone;
}

struct TlvName {
    std::string_view name;
    unsigned type;
};

constexpr TlvName kNames[] = {{"alpn", 0x01}, {"authority", 0x02}, {"unique_id", 0x05}, {"ssl", kSsl}, {"netns", 0x30}};
constexpr TlvName kSslNames[] = {
    {"version", 0x21}, {"cn", 0x22}, {"cipher", 0x23}, {"sig_alg", 0x24}, {"key_alg", 0x25}};

Tlv find_by_name(std::string_view tlvs, std::string_view name, const TlvName* first, const TlvName* last,
                 std::string_view& value) {
    if (name.substr(0, 2) == "0x") {
        const auto type = parse_hex(name.substr(2));
        return type ? find_tlv(tlvs, static_cast<unsigned>(std::min<std::uint64_t>(*type, 256)), value) : Tlv::kBroken;
    }
    for (; first != last; ++first)
        if (first->name == name) return find_tlv(tlvs, first->type, value);
    return Tlv::kUnknownName;
}

char* put_address(char* out, const sockaddr* address, std::uint16_t& port) {
    const char* text;
    if (address->sa_family == AF_INET) {
        sockaddr_in in;
        std::memcpy(&in, address, sizeof(in));
        port = ntohs(in.sin_port);
        text = inet_ntop(AF_INET, &in.sin_addr, out, INET6_ADDRSTRLEN);
    } else {
        sockaddr_in6 in6;
        std::memcpy(&in6, address, sizeof(in6));
        port = ntohs(in6.sin6_port);
        text = inet_ntop(AF_INET6, &in6.sin6_addr, out, INET6_ADDRSTRLEN);
    }
    return out + (text == nullptr ? 0 : std::strlen(text));
}

char* put(char* out, std::string_view text) {
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
}

}  // namespace

ProxyParse parse_proxy_header(std::string_view data, ProxyHeader& header) {
    header.proxied = false;
    header.source_size = header.destination_size = 0;
    header.source_port = header.destination_port = 0;
    header.tlvs = {};
    header.size = 0;
    if (data.empty()) return ProxyParse::kAgain;
    return is_prefix(data, kSignature) ? parse_v2(data, header) : parse_v1(data, header);
}

Tlv find_tlv(std::string_view tlvs, unsigned type, std::string_view& value) {
    constexpr std::size_t kHead = 3;
    while (!tlvs.empty()) {
        if (tlvs.size() < kHead) return Tlv::kBroken;
        const std::size_t length = big16(tlvs.data() + 1);
        if (tlvs.size() - kHead < length) return Tlv::kBroken;
        if (static_cast<unsigned char>(tlvs[0]) == type) {
            value = tlvs.substr(kHead, length);
            return Tlv::kFound;
        }
        tlvs.remove_prefix(kHead + length);
    }
    return Tlv::kAbsent;
}

Tlv find_named_tlv(std::string_view tlvs, std::string_view name, TlvNumber& number, std::string_view& value) {
    if (name.substr(0, 4) != "ssl_") return find_by_name(tlvs, name, std::begin(kNames), std::end(kNames), value);

    std::string_view ssl;
    if (const Tlv found = find_tlv(tlvs, kSsl, ssl); found != Tlv::kFound) return found;
    if (ssl.size() < kSslHead) return Tlv::kBroken;
    name.remove_prefix(4);
    if (name == "verify") {
        const auto verify = static_cast<std::uint32_t>(big16(ssl.data() + 1)) << 16 | big16(ssl.data() + 3);
        value = {number, static_cast<std::size_t>(put_decimal(number, verify) - number)};
        return Tlv::kFound;
    }
    return find_by_name(ssl.substr(kSslHead), name, std::begin(kSslNames), std::end(kSslNames), value);
}

char* write_proxy_v1(char* out, const sockaddr* source, const sockaddr* destination) {
    if (source->sa_family != AF_INET && source->sa_family != AF_INET6) return put(out, "PROXY UNKNOWN\r\n");
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    out = put(out, source->sa_family == AF_INET ? "PROXY TCP4 " : "PROXY TCP6 ");
    out = put(put_address(out, source, source_port), " ");
    out = put(put_address(out, destination, destination_port), " ");
    out = put(put_decimal(out, source_port), " ");
    return put(put_decimal(out, destination_port), "\r\n");
}

}  // namespace bext::net
