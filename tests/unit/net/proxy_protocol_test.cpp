// The PROXY protocol, read as nginx does, and written.
#include "net/proxy_protocol.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <string>

using namespace std::literals;

namespace bext::net {
namespace {

// "size source:port destination:port", "size -" for a header without addresses, or the verdict's number.
std::string whole(std::string_view bytes) {
    const std::string copy(bytes);
    ProxyHeader header;
    const ProxyParse verdict = parse_proxy_header(copy, header);
    if (verdict != ProxyParse::kDone) return "verdict " + std::to_string(static_cast<int>(verdict));
    std::string out = std::to_string(header.size) + " ";
    if (!header.proxied) return out + "-";
    out += std::string(header.source()) + ":" + std::to_string(header.source_port) + " ";
    return out + std::string(header.destination()) + ":" + std::to_string(header.destination_port);
}

// The same, after checking that every beginning of the header asks for more.
std::string parse(std::string_view bytes) {
    ProxyHeader header;
    parse_proxy_header(bytes, header);
    for (std::size_t i = 0; i < header.size; ++i) EXPECT_EQ(whole(bytes.substr(0, i)), "verdict 0") << i;
    return whole(bytes);
}

const std::string kAgain = "verdict 0", kInvalid = "verdict 2", kUnknownVersion = "verdict 3", kTooLarge = "verdict 4";

TEST(ProxyV1, Good) {
    EXPECT_EQ(parse("PROXY TCP4 192.0.2.1 198.51.100.7 1234 80\r\nGET"), "43 192.0.2.1:1234 198.51.100.7:80");
    EXPECT_EQ(parse("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n"), "36 2001:db8::1:65535 ::1:0");
    EXPECT_EQ(parse("PROXY UNKNOWN\r\nx"), "15 -");
    EXPECT_EQ(parse("PROXY UNKNOWN ff::1 junk\n 1 2\r\n"), "31 -");
}

TEST(ProxyV1, Bad) {
    for (const auto text :
         {"GET / HTTP/1.1\r\n", "PROXX", "proxy TCP4 ", "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY UDP4 1 1 1 2\r\n",
          "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
          "PROXY TCP4 1.2.3.4 1.2.3.4 x 2\r\n", "PROXY TCP4 host 1.2.3.4 1 2\r\n",
          "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
          "PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n", "PROXY TCP4\r\n"})
        EXPECT_EQ(whole(text), kInvalid) << text;
    EXPECT_EQ(whole("PROXY UNKNOWN " + std::string(200, 'x')), kInvalid);
    EXPECT_EQ(whole("PROXY UNKNOWN " + std::string(80, 'x')), kAgain);
    EXPECT_EQ(whole("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n"), kAgain);
}

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string v2(char command, char family, const std::string& body) {
    return kSignature + command + family + static_cast<char>(body.size() >> 8) + static_cast<char>(body.size() & 0xff) +
           body;
}

const std::string kInet = "\xc0\x00\x02\x01\xc6\x33\x64\x07\x04\xd2\x00\x50"s;

TEST(ProxyV2, Good) {
    EXPECT_EQ(parse(v2('\x21', '\x11', kInet) + "next"), "28 192.0.2.1:1234 198.51.100.7:80");
    const std::string inet6 =
        "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01" + std::string(15, '\0') + "\x01" + "\xff\xff\x01\xbb";
    EXPECT_EQ(parse(v2('\x21', '\x21', inet6)), "52 2001:db8::1:65535 ::1:443");
    EXPECT_EQ(parse(v2('\x20', '\x11', kInet)), "28 -");    // LOCAL
    EXPECT_EQ(parse(v2('\x20', '\x00', "")), "16 -");       // LOCAL, as health checks send it
    EXPECT_EQ(parse(v2('\x21', '\x12', kInet)), "28 -");    // datagrams
    EXPECT_EQ(parse(v2('\x21', '\x31', std::string(216, 'u'))), "232 -");  // AF_UNIX
}

TEST(ProxyV2, Bad) {
    EXPECT_EQ(whole(v2('\x31', '\x11', kInet)), kUnknownVersion);
    EXPECT_EQ(whole(v2('\x21', '\x11', kInet.substr(1))), kInvalid);
    EXPECT_EQ(whole(v2('\x21', '\x21', kInet)), kInvalid);
    EXPECT_EQ(whole(v2('\x21', '\x11', std::string(4081, 'x'))), kTooLarge);
    EXPECT_EQ(whole("\r\n\r\nGET / HTTP/1.1\r\n"), kInvalid);
}

std::string tlv(char type, const std::string& value) {
    return std::string{type, static_cast<char>(value.size() >> 8), static_cast<char>(value.size() & 0xff)} + value;
}

std::string named(std::string_view tlvs, std::string_view name) {
    TlvNumber number;
    std::string_view value;
    const Tlv found = find_named_tlv(tlvs, name, number, value);
    return found == Tlv::kFound ? std::string(value) : "verdict " + std::to_string(static_cast<int>(found));
}

TEST(ProxyV2, Fields) {
    const std::string ssl = "\x07\x00\x01\x02\x03"s + tlv(0x21, "TLSv1.3") + tlv(0x22, "client") + tlv(0x23, "AES") +
                            tlv(0x24, "SHA256") + tlv(0x25, "RSA2048");
    const std::string fields = tlv(0x01, "h2") + tlv(0x02, "example.com") + tlv(0x05, "id") + tlv(0x30, "ns") +
                               tlv('\xea', "\x01vpce") + tlv(0x20, ssl);
    const std::string bytes = v2('\x21', '\x11', kInet + fields);
    ProxyHeader header;
    ASSERT_EQ(parse_proxy_header(bytes, header), ProxyParse::kDone);
    EXPECT_EQ(header.tlvs, fields);
    EXPECT_EQ(named(fields, "alpn"), "h2");
    EXPECT_EQ(named(fields, "authority"), "example.com");
    EXPECT_EQ(named(fields, "unique_id"), "id");
    EXPECT_EQ(named(fields, "netns"), "ns");
    EXPECT_EQ(named(fields, "ssl"), ssl);
    EXPECT_EQ(named(fields, "0xEA"), "\x01vpce");
    EXPECT_EQ(named(fields, "ssl_version"), "TLSv1.3");
    EXPECT_EQ(named(fields, "ssl_cn"), "client");
    EXPECT_EQ(named(fields, "ssl_cipher"), "AES");
    EXPECT_EQ(named(fields, "ssl_sig_alg"), "SHA256");
    EXPECT_EQ(named(fields, "ssl_key_alg"), "RSA2048");
    EXPECT_EQ(named(fields, "ssl_verify"), "66051");
    EXPECT_EQ(named(fields, "ssl_0x22"), "client");
}

TEST(ProxyV2, FieldsThatAreNotThere) {
    const std::string absent = "verdict 1", broken = "verdict 2", unknown = "verdict 3";
    EXPECT_EQ(named("", "alpn"), absent);
    EXPECT_EQ(named(tlv(1, "h2"), "ssl_cn"), absent);
    EXPECT_EQ(named(tlv(1, "h2"), "0xff"), absent);
    EXPECT_EQ(named(tlv(1, "h2"), "0x101"), absent);
    EXPECT_EQ(named(tlv(1, "h2"), "crc"), unknown);
    EXPECT_EQ(named(tlv(1, "h2"), "0xzz"), broken);
    EXPECT_EQ(named(tlv(0x20, "abcd"), "ssl_verify"), broken);
    EXPECT_EQ(named(tlv(0x20, "abcde\x21"), "ssl_version"), broken);
    EXPECT_EQ(named("\x02\x00"sv, "alpn"), broken);
    EXPECT_EQ(named("\x02\x00\x05xx"sv, "alpn"), broken);
    EXPECT_EQ(named(tlv(0x20, "\xff\xff\xff\xff\xff"), "ssl_verify"), "4294967295");
}

sockaddr_in inet(const char* text, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, text, &address.sin_addr);
    return address;
}

std::string written(const void* source, const void* destination) {
    char buffer[kProxyV1Max];
    const auto* from = static_cast<const sockaddr*>(source);
    const auto* to = static_cast<const sockaddr*>(destination);
    return std::string(buffer, write_proxy_v1(buffer, from, to));
}

TEST(ProxyV1, Write) {
    const auto source = inet("192.0.2.1", 1234);
    const auto destination = inet("255.255.255.255", 65535);
    EXPECT_EQ(written(&source, &destination), "PROXY TCP4 192.0.2.1 255.255.255.255 1234 65535\r\n");
    sockaddr_in6 longest{};
    longest.sin6_family = AF_INET6;
    longest.sin6_port = 0xffff;
    std::fill(std::begin(longest.sin6_addr.s6_addr), std::end(longest.sin6_addr.s6_addr), std::uint8_t{0xff});
    const std::string all = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    EXPECT_EQ(written(&longest, &longest), "PROXY TCP6 " + all + " " + all + " 65535 65535\r\n");
    EXPECT_EQ(parse(written(&longest, &longest)), "104 " + all + ":65535 " + all + ":65535");
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    EXPECT_EQ(written(&local, &local), "PROXY UNKNOWN\r\n");
}

}  // namespace
}  // namespace bext::net
