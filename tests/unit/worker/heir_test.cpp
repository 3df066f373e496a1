// Heir: connections are passed without waiting for who takes them.
#include "worker/heir.h"

#include <gtest/gtest.h>

#include <chrono>

namespace bext::worker {
namespace {

http::PassedConnection some() {
    http::PassedConnection passed;
    passed.listen = net::Address::ipv4(0x7f000001, 80);
    passed.client = net::Address::ipv4(0xc0000201, 1234);
    passed.proxy_header = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";
    passed.requests = 7;
    passed.start_ms = 99;
    return passed;
}

TEST(HeirTest, WhoDoesNotReadHoldsUpNobody) {
    auto ends = handoff::Channel::pair();
    Heir heir(std::move(ends->first).release());
    auto begin = std::chrono::steady_clock::now();
    int taken = 0, full = 0;
    for (int i = 0; i < 2000; ++i) {
        auto done = heir.pass(0, some());
        ASSERT_NE(done, Heir::Passed::kNobody);
        ++(done == Heir::Passed::kYes ? taken : full);
    }
    EXPECT_GT(taken, 0);
    EXPECT_GT(full, 100);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "each one that found no room waited 200 ms";
    int received = 0;
    EXPECT_TRUE(Heir::receive(ends->second, [&](Fd, const http::PassedConnection& passed) {
        EXPECT_EQ(passed.requests, some().requests);
        EXPECT_EQ(passed.client, some().client);
        ++received;
    }));
    EXPECT_EQ(received, taken);
    EXPECT_EQ(heir.pass(0, some()), Heir::Passed::kYes) << "there is room again";
    ends->second.close();
    EXPECT_EQ(heir.pass(0, some()), Heir::Passed::kNobody);
}

}  // namespace
}  // namespace bext::worker
