// Hosts as nginx 1.29.4 and later check them.
#include "http/host.h"

#include <gtest/gtest.h>

#include <string>

#include "base/arena.h"

using namespace std::literals;

namespace bext::http {
namespace {

std::string valid(std::string_view text) {
    Arena arena;
    Host host;
    if (!validate_host(text, arena, host)) return "400";
    return std::string(host.name) + " " + std::to_string(host.port);
}

TEST(Host, Good) {
    EXPECT_EQ(valid("example.com"), "example.com 0");
    EXPECT_EQ(valid("Example.COM:8080"), "example.com 8080");
    EXPECT_EQ(valid("HOST.Example.:8080"), "host.example 8080");
    EXPECT_EQ(valid("h."), "h 0");
    EXPECT_EQ(valid("h:"), "h 0");
    EXPECT_EQ(valid("h:65535"), "h 65535");
    EXPECT_EQ(valid("h:00080"), "h 80");
    EXPECT_EQ(valid("a_b~!$&'()*+,;=%41-"), "a_b~!$&'()*+,;=%41- 0");
    EXPECT_EQ(valid(".a"), ".a 0");
    EXPECT_EQ(valid("[::1]"), "[::1] 0");
    EXPECT_EQ(valid("[FE80::1]:443"), "[fe80::1] 443");
    EXPECT_EQ(valid("[v1.a:b]"), "[v1.a:b] 0");
}

TEST(Host, Bad) {
    for (const auto text : {""sv,
                            "."sv,
                            ":80"sv,
                            ".:80"sv,
                            "a..b"sv,
                            "a.."sv,
                            "u@h"sv,
                            "h:abc"sv,
                            "h:80x"sv,
                            "h:1:2"sv,
                            "h:65536"sv,
                            "h:99999999999999999999"sv,
                            "a/b"sv,
                            "a b"sv,
                            "a\\b"sv,
                            "h\0i"sv,
                            "h\x7f"sv,
                            "h\xff"sv,
                            "a[b"sv,
                            "a]b"sv,
                            "[::1"sv,
                            "[::1]x"sv,
                            "[::1]."sv,
                            "[a..b]"sv,
                            "[fe80::1%eth0]"sv,
                            "[a/b]"sv,
                            "h?"sv,
                            "h#"sv,
                            "<h>"sv,
                            "\"h\""sv})
        EXPECT_EQ(valid(text), "400") << text;
}

TEST(Host, CopiesOnlyToLowerCase) {
    Arena arena;
    Host host;
    const std::string_view text = "example.com:80";
    ASSERT_TRUE(validate_host(text, arena, host));
    EXPECT_EQ(host.name.data(), text.data());
    EXPECT_EQ(host.port_text, "80");
}

TEST(Host, Split) {
    const auto split = [](std::string_view text) {
        Host host;
        return split_host_port(text, host) ? std::string(host.name) + " " + std::to_string(host.port) : "bad";
    };
    EXPECT_EQ(split("127.0.0.1:80"), "127.0.0.1 80");
    EXPECT_EQ(split("name"), "name 0");
    EXPECT_EQ(split("[::1]:443"), "[::1] 443");
    EXPECT_EQ(split("[::1]"), "[::1] 0");
    for (const auto text : {"a:0", "a:x", "a:65536", "[::1", "[::1]x", "a:1:2"}) EXPECT_EQ(split(text), "bad") << text;
}

}  // namespace
}  // namespace bext::http
