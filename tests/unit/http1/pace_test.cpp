// How fast a client is served, and how long it is waited for.
#include <gtest/gtest.h>

#include <fstream>

#include "support/wire_site.h"

namespace bext::tests {
namespace {

class Pace : public testing::Test {
protected:
    Pace() {
        if (!::mkdtemp(folder.data())) ::abort();
        std::ofstream(folder + "/file") << std::string(kSize, 'x');
        for (auto* name : {"/all", "/some", "/left"}) ::symlink("file", (folder + name).c_str());
        site = std::make_unique<WireSite>(
            "events { worker_connections 64; } error_log /dev/null crit; http { access_log off; server { listen 80; root " + folder +
            "; location /all { limit_rate 1; limit_rate_after 3m; } location /some { limit_rate 1; limit_rate_after 100000; } location /left { send_timeout 50ms; } } }");
    }
    ~Pace() override {
        site.reset();
        for (auto* name : {"/all", "/some", "/left", "/file"}) ::unlink((folder + name).c_str());
        ::rmdir(folder.c_str());
    }

    Fd ask(std::string_view path) const {
        auto client = site->connect();
        write_some(client.get(), cat({"GET ", path, " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}));
        return client;
    }

    static constexpr std::size_t kSize = 2 << 20;
    std::string folder = "/tmp/bext-pace-XXXXXX";
    std::unique_ptr<WireSite> site;
};

TEST_F(Pace, LimitRateBeginsBehindLimitRateAfter) {
    auto all = ask("/all"), some = ask("/some");
    std::string whole, part;
    bool open = true;
    for (int i = 0; i < 3000 && open; ++i) {
        site->turn();
        open = read_all(all.get(), whole);
        EXPECT_TRUE(read_all(some.get(), part));
    }
    EXPECT_FALSE(open) << "as much as is free comes at once";
    EXPECT_GT(whole.size(), kSize);
    EXPECT_GE(part.size(), 100'000u);
    EXPECT_LT(part.size(), 101'000u) << "then a byte a second";
}

TEST_F(Pace, AClientThatTakesNothingIsLeft) {
    auto client = ask("/left");
    for (int i = 0; i < 20'000 && site->thread.connections; ++i) {
        site->turn();
        ::poll(nullptr, 0, 1);
    }
    EXPECT_EQ(site->thread.connections, 0u);
    std::string answer;
    EXPECT_FALSE(read_all(client.get(), answer));
    EXPECT_LT(answer.size(), kSize);
}

}  // namespace
}  // namespace bext::tests
