// How much of one connection is done in one turn of the loop.
#include <gtest/gtest.h>

#include <fstream>

#include "support/wire_site.h"

namespace bext::tests {
namespace {

/// A client whose buffer takes a whole answer at once.
Fd wide_client(WireSite& site) {
    auto client = site.connect();
    int size = 8 << 20;
    ::setsockopt(client.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    return client;
}

TEST(Turns, SendfileMaxChunkIsTheMostOfOne) {
    char folder[] = "/tmp/bext-turns-XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    auto path = std::string(folder) + "/file";
    std::ofstream(path) << std::string(4 << 20, 'x');
    for (bool sendfile : {true, false}) {
        WireSite site("events { worker_connections 64; } error_log /dev/null crit; http { access_log off; server { listen 80; root " + std::string(folder) +
                      "; sendfile_max_chunk 64k; sendfile " + (sendfile ? "on" : "off") + "; } }");
        auto client = wide_client(site);
        write_some(client.get(), "GET /file HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        std::string answer;
        std::size_t most = 0;
        for (bool open = true; open && site.turns < 2000;) {
            auto before = answer.size();
            site.turn();
            open = read_all(client.get(), answer);
            most = std::max(most, answer.size() - before);
        }
        EXPECT_GT(answer.size(), std::size_t{4} << 20);
        EXPECT_LE(most, 130u * 1024) << "sendfile " << sendfile;  // a file that is read may exceed it by one buffer
    }
    ::unlink(path.c_str());
    ::rmdir(folder);
}

TEST(Turns, PipelinedRequestsLeaveRoomForOthers) {
    WireSite site("events { worker_connections 64; } error_log /dev/null crit; http { access_log off; keepalive_requests 100000; server { listen 80; location / { return 204; } } }");
    auto client = wide_client(site);
    constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    std::string requests;
    for (int i = 0; i < 2000; ++i) requests += kRequest;
    ASSERT_EQ(write_some(client.get(), requests), requests.size());
    ::shutdown(client.get(), SHUT_WR);
    std::string answers;
    for (bool open = true; open && site.turns < 5000;) {
        site.turn();
        open = read_all(client.get(), answers);
    }
    std::size_t count = 0;
    for (auto at = answers.find("HTTP/1.1 204"); at != answers.npos; at = answers.find("HTTP/1.1 204", at + 1)) ++count;
    EXPECT_EQ(count, 2000u);
    EXPECT_GE(site.turns, 2000u / 100);
}

}  // namespace
}  // namespace bext::tests
