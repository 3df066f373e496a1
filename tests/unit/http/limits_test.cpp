// Zones of limits: what was counted is given back, and their room is that of the keys that are in them now.
#include <gtest/gtest.h>

#include "support/wire_site.h"

namespace bext::tests {
namespace {

const std::string kLong(230, 'k');  // takes 512 bytes of a zone: a smallest one has room for 40

std::string site_text(std::string_view name) {
    return cat({"events { worker_connections 64; } error_log /dev/null crit; http { access_log off; limit_conn_zone $arg_k zone=c:32k; limit_conn_zone $arg_o zone=o:32k; "
                "limit_req_zone $arg_k zone=r:32k rate=1r/m; limit_req_zone $arg_o zone=q:32k rate=1r/m; server { listen 80; server_name ", name, "; "
                "location /conn { limit_conn c 1; empty_gif; } location /conns { limit_conn o 1; limit_conn c 1; empty_gif; } "
                "location /req { limit_req zone=r; empty_gif; } location /reqs { limit_req zone=q; limit_req zone=r; empty_gif; } "
                "location /dry { limit_conn_dry_run on; limit_conn o 1; limit_conn c 1; proxy_pass http://127.0.0.1:9; } "
                "location /body { limit_conn o 1; limit_conn c 1; proxy_pass http://127.0.0.1:9; } } }"});
}

class Limits : public testing::Test {
protected:
    /// The status of a request of its own connection.
    int ask(std::string_view target) {
        auto client = site.connect();
        write_some(client.get(), cat({"GET ", target, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}));
        std::string answer;
        for (int i = 0; i < 200 && read_all(client.get(), answer); ++i) site.turn();
        for (int i = 0; i < 8; ++i) site.turn();
        return answer.size() < 12 ? 0 : std::atoi(answer.c_str() + 9);
    }
    /// A request that waits for its body, and so stays in its zones.
    Fd begin(std::string_view target) {
        auto client = site.connect();
        write_some(client.get(), cat({"POST ", target, " HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n"}));
        for (int i = 0; i < 8; ++i) site.turn();
        return client;
    }
    void end(Fd client) {
        client = Fd();
        for (int i = 0; i < 20; ++i) site.turn();
    }

    WireSite site{site_text("h")};
};

TEST_F(Limits, ConnectionsThatEndGiveTheirRoomBack) {
    for (int i = 0; i < 100; ++i) ASSERT_EQ(ask(cat({"/conn?k=", std::to_string(i), kLong})), 200) << i;
    std::vector<Fd> held;
    for (int i = 0; i < 40; ++i) held.push_back(begin(cat({"/body?k=", std::to_string(i), kLong})));
    EXPECT_EQ(ask(cat({"/conn?k=x", kLong})), 503) << "there is no room for one more key";
    EXPECT_EQ(ask("/conn"), 200) << "an empty key needs none";
    EXPECT_EQ(ask(cat({"/conn?k=7", kLong})), 503) << "it is in a request";
    end(std::move(held[7]));
    EXPECT_EQ(ask(cat({"/conn?k=x", kLong})), 200);
    EXPECT_EQ(ask(cat({"/conn?k=7", kLong})), 200);
}

TEST_F(Limits, WhatOneZoneRefusesIsNotCountedInTheOthers) {
    auto held = begin("/body?k=a&o=one");
    EXPECT_EQ(ask("/conns?k=a&o=two"), 503);
    EXPECT_EQ(ask("/conns?k=b&o=two"), 200) << "the refused request's place in the first zone is free";
    EXPECT_EQ(ask("/conns?k=b&o=one"), 503);
    EXPECT_EQ(ask("/conn?k=b"), 200);
    end(std::move(held));
    EXPECT_EQ(ask("/conns?k=a&o=one"), 200);
}

TEST_F(Limits, ADryRunThatWouldRefuseHoldsNoPlace) {
    auto held = begin("/body?k=a&o=one"), dry = begin("/dry?k=a&o=two");
    EXPECT_EQ(ask("/conns?k=b&o=two"), 200) << "although the request is still there";
    auto counted = begin("/dry?k=c&o=three");
    EXPECT_EQ(ask("/conns?k=d&o=three"), 503) << "as one that it would let in";
}

TEST_F(Limits, TheOldestKeysMakeRoomForNewOnes) {
    for (int i = 0; i < 200; ++i) ASSERT_EQ(ask(cat({"/req?k=", std::to_string(i), kLong})), 200) << i;
    EXPECT_EQ(ask(cat({"/req?k=199", kLong})), 503) << "it is remembered";
    EXPECT_EQ(ask(cat({"/req?k=165", kLong})), 503) << "as are those of a full zone";
    EXPECT_EQ(ask(cat({"/req?k=0", kLong})), 200) << "and this one is forgotten";
}

TEST_F(Limits, AKeyThatIsAskedForStays) {
    ASSERT_EQ(ask(cat({"/req?k=first", kLong})), 200);
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(ask(cat({"/req?k=", std::to_string(i), kLong})), 200) << i;
        ASSERT_EQ(ask(cat({"/req?k=first", kLong})), 503) << i;
    }
}

TEST_F(Limits, WhatIsHeldWhileAnotherZoneRefusesIsLetGo) {
    ASSERT_EQ(ask("/req?k=busy"), 200);
    for (int i = 0; i < 100; ++i) ASSERT_EQ(ask(cat({"/reqs?k=busy&o=", std::to_string(i), kLong})), 503) << i;
    for (int i = 0; i < 100; ++i) ASSERT_EQ(ask(cat({"/reqs?o=a", std::to_string(i), kLong})), 200) << i;
}

}  // namespace
}  // namespace bext::tests
