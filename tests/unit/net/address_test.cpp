#include "net/address.h"

#include <gtest/gtest.h>

namespace bext::net {
namespace {

std::string literal(std::string_view text) {
    auto address = Address::literal(text, 80);
    return address ? address->text() : "none";
}

TEST(Address, Literals) {
    EXPECT_EQ(literal("127.0.0.1"), "127.0.0.1:80");
    EXPECT_EQ(literal("255.255.255.255"), "255.255.255.255:80");
    EXPECT_EQ(literal("::1"), "[::1]:80");
    EXPECT_EQ(literal("2001:DB8::1"), "[2001:db8::1]:80");
    for (auto bad : {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4:80", "localhost", "[::1", "[]", ":::", "::1%lo"})
        EXPECT_EQ(literal(bad), "none") << bad;
}

TEST(Address, OnlyIpv6StandsInBrackets) {
    auto bracketed = [](std::string_view text) {
        auto address = Address::bracketed(text, 80);
        return address ? address->text() : "none";
    };
    EXPECT_EQ(bracketed("[::1]"), "[::1]:80");
    for (auto bad : {"", "[]", "[127.0.0.1]", "::1", "[::1", "[localhost]"}) EXPECT_EQ(bracketed(bad), "none") << bad;
    EXPECT_EQ(literal("[::1]"), "none");
}

TEST(Address, PartsAndEquality) {
    auto a = Address::ipv4(0x7f000001, 80);
    EXPECT_EQ(a.host(), "127.0.0.1");
    EXPECT_EQ(a.bytes(), std::string_view("\x7f\0\0\1", 4));
    EXPECT_EQ(a.port(), 80);
    EXPECT_FALSE(a.wildcard());
    auto b = a;
    EXPECT_TRUE(a == b);
    b.set_port(81);
    EXPECT_EQ(b.text(), "127.0.0.1:81");
    EXPECT_FALSE(a == b);
    EXPECT_TRUE(Address::ipv4(0, 80).wildcard());
    EXPECT_TRUE(Address::ipv6_any(80).wildcard());
    EXPECT_EQ(Address::ipv6_any(443).text(), "[::]:443");
    EXPECT_EQ(Address::ipv6_any(443).bytes().size(), 16u);
    EXPECT_FALSE(Address::ipv6_any(80) == Address::ipv4(0, 80));
}

TEST(Address, UnixSockets) {
    auto a = Address::unix_path("/run/a.sock");
    ASSERT_TRUE(a);
    EXPECT_EQ(a->text(), "unix:/run/a.sock");
    EXPECT_TRUE(*a == *Address::unix_path("/run/a.sock"));
    EXPECT_FALSE(*a == *Address::unix_path("/run/b.sock"));
    EXPECT_FALSE(Address::unix_path(std::string(200, 'x')));
    sockaddr unnamed{};
    unnamed.sa_family = AF_UNIX;
    EXPECT_EQ(Address(&unnamed, sizeof unnamed.sa_family).text(), "unix:");
}

/// "yes" or "no" for `address`, with "!" for bits behind the mask; "none" when `range` is none.
std::string contains(std::string_view range, std::string_view address) {
    bool low = false;
    auto cidr = Cidr::parse(range, low);
    if (!cidr) return "none";
    return std::string(cidr->contains(*Address::literal(address, 0)) ? "yes" : "no") + (low ? "!" : "");
}

TEST(Cidr, Ranges) {
    EXPECT_EQ(contains("10.0.0.0/8", "10.255.1.2"), "yes");
    EXPECT_EQ(contains("10.0.0.0/8", "11.0.0.0"), "no");
    EXPECT_EQ(contains("10.1.0.0/8", "10.9.0.0"), "yes!");
    EXPECT_EQ(contains("192.168.1.128/25", "192.168.1.127"), "no");
    EXPECT_EQ(contains("192.168.1.128/25", "192.168.1.200"), "yes");
    EXPECT_EQ(contains("0.0.0.0/0", "1.2.3.4"), "yes");
    EXPECT_EQ(contains("1.2.3.4", "1.2.3.4"), "yes");
    EXPECT_EQ(contains("1.2.3.4", "1.2.3.5"), "no");
    EXPECT_EQ(contains("2001:db8::/33", "2001:db8:7fff::1"), "yes");
    EXPECT_EQ(contains("2001:db8::/33", "2001:db8:8000::1"), "no");
    EXPECT_EQ(contains("10.0.0.0/8", "::ffff:10.1.1.1"), "yes");  // an IPv4 client of an IPv6 socket
    EXPECT_EQ(contains("::/0", "1.2.3.4"), "no");
    for (auto bad : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "[::1]", "::/129", "a"})
        EXPECT_EQ(contains(bad, "1.2.3.4"), "none") << bad;
}

TEST(Cidr, UnixSockets) {
    bool low;
    auto cidr = Cidr::parse("unix:", low);
    ASSERT_TRUE(cidr);
    EXPECT_TRUE(cidr->contains(*Address::unix_path("/a")));
    EXPECT_FALSE(cidr->contains(Address::ipv4(1, 0)));
}

}  // namespace
}  // namespace bext::net
