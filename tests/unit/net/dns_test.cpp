// Answers of name servers, written out byte for byte.
#include "net/dns.h"

#include <gtest/gtest.h>

using namespace std::literals;

namespace bext::net::dns {
namespace {

/// The head of an answer to query 7 for a.b, with its question at byte 12.
std::string answer(char records, std::string_view flags = "\x81\x80"sv, char type = 1) {
    return "\0\7"s + std::string(flags) + "\0\1\0"s + records + "\0\0\0\0\1a\1b\0\0"s + type + "\0\1"s;
}

std::string record(std::string_view owner, char type, char ttl, std::string_view data) {
    return std::string(owner) + "\0"s + type + "\0\1\0\0\0"s + ttl + "\0"s + static_cast<char>(data.size()) + std::string(data);
}

constexpr auto kQuestion = "\xc0\x0c"sv;  // the question's name

/// "ADDRESS ADDRESS ttl N alias NAME".
std::string read(std::string_view packet, Type type = Type::kA, std::string_view name = "a.b") {
    auto found = parse(packet, 7, name, type);
    if (!found) return "ignored";
    if (found->code) return "code " + std::to_string(found->code);
    if (found->truncated) return "truncated";
    std::string out;
    for (auto& address : found->addresses) out += address.host() + " ";
    out += "ttl " + std::to_string(found->ttl);
    return found->alias.empty() ? out : out + " alias " + found->alias;
}

TEST(Dns, Query) {
    EXPECT_EQ(query(0x1234, "a.bc", Type::kAaaa), "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\2bc\0\0\x1c\0\1"s);
    EXPECT_EQ(query(1, "a.", Type::kA), query(1, "a", Type::kA));
    for (auto& bad : {""s, "."s, "a..b"s, ".a"s, std::string(64, 'x'), std::string(256, 'x')}) EXPECT_EQ(query(1, bad, Type::kA), "") << bad;
}

TEST(Dns, Addresses) {
    auto a = record(kQuestion, 1, 60, "\1\2\3\4"), b = record(kQuestion, 1, 30, "\5\6\7\x08");
    EXPECT_EQ(read(answer(2) + a + b), "1.2.3.4 5.6.7.8 ttl 30");
    EXPECT_EQ(read(answer(1) + a), "1.2.3.4 ttl 60");
    EXPECT_EQ(read(answer(1) + record("\1A\1B\0"sv, 1, 9, "\1\2\3\4")), "1.2.3.4 ttl 9");
    EXPECT_EQ(read(answer(1) + record("\1c\0"sv, 1, 9, "\1\2\3\4")), "ttl 4294967295");  // somebody else's
    auto six = record(kQuestion, 28, 5, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"sv);
    EXPECT_EQ(read(answer(1, "\x81\x80"sv, 28) + six, Type::kAaaa), "::1 ttl 5");
    EXPECT_EQ(read(answer(1) + six), "ttl 4294967295");
    EXPECT_EQ(read(answer(1) + record(kQuestion, 1, 9, "\1\2\3")), "ttl 4294967295");
}

TEST(Dns, AnAddressIsOfNoInterface) {
    auto six = record(kQuestion, 28, 5, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"sv);
    auto found = parse(answer(2, "\x81\x80"sv, 28) + six + six, 7, "a.b", Type::kAaaa);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->addresses.size(), 2u);
    auto wanted = *Address::literal("fe80::1", found->addresses[0].port());
    EXPECT_EQ(found->addresses[0].sockaddr_bytes(), wanted.sockaddr_bytes());  // what follows in the packet is no part of it
    EXPECT_EQ(found->addresses[1].sockaddr_bytes(), wanted.sockaddr_bytes());
}

TEST(Dns, Aliases) {
    auto alias = record(kQuestion, 5, 20, "\1c\xc0\x0e"sv);  // c.b
    EXPECT_EQ(read(answer(1) + alias), "ttl 20 alias c.b");
    EXPECT_EQ(read(answer(2) + record("\1c\1b\0"sv, 1, 9, "\1\2\3\4") + alias), "1.2.3.4 ttl 9 alias c.b");
    EXPECT_EQ(read(answer(1) + record(kQuestion, 5, 20, kQuestion)), "ttl 20 alias a.b");  // goes round
}

TEST(Dns, OtherOutcomes) {
    EXPECT_EQ(read(answer(0, "\x81\x83"sv)), "code 3");
    EXPECT_EQ(read(answer(0, "\x83\x80"sv)), "truncated");
    EXPECT_EQ(read(answer(0)), "ttl 4294967295");
}

TEST(Dns, WhatIsNotTheAnswerIsIgnored) {
    auto good = answer(1) + record(kQuestion, 1, 60, "\1\2\3\4");
    for (std::size_t size = 0; size < good.size(); ++size) EXPECT_EQ(read(std::string_view(good).substr(0, size)), "ignored") << size;
    EXPECT_EQ(read(good, Type::kAaaa), "ignored");
    EXPECT_EQ(read(good, Type::kA, "a.c"), "ignored");
    EXPECT_FALSE(parse(good, 8, "a.b", Type::kA));
    EXPECT_EQ(read(query(7, "a.b", Type::kA)), "ignored");
    auto two_questions = good;
    two_questions[5] = 2;
    EXPECT_EQ(read(two_questions), "ignored");
}

TEST(Dns, BrokenNamesAreIgnored) {
    auto at = static_cast<char>(answer(0).size());
    EXPECT_EQ(read(answer(1) + record("\xc0"s + at, 1, 9, "\1\2\3\4")), "ignored");    // points to itself
    EXPECT_EQ(read(answer(1) + record("\xff\xff"sv, 1, 9, "\1\2\3\4")), "ignored");    // outside
    EXPECT_EQ(read(answer(1) + record("\x40x\0"sv, 1, 9, "\1\2\3\4")), "ignored");     // a reserved kind of label
    std::string longest;
    for (int i = 0; i < 6; ++i) longest += "\x3f" + std::string(63, 'x');
    EXPECT_EQ(read(answer(1) + record(longest + "\0"s, 1, 9, "\1\2\3\4")), "ignored");
}

}  // namespace
}  // namespace bext::net::dns
