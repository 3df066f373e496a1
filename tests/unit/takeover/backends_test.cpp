// Which servers a configuration passes requests to, and what is said of each.
#include "takeover/backends.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "net/address.h"

namespace bext::takeover {
namespace {

/// A loopback port of its own, which refuses connections unless it listens.
struct Port {
    explicit Port(bool listening) : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        auto address = net::Address::ipv4(INADDR_LOOPBACK, 0);
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        if (bind(fd.get(), address.raw(), address.size()) == 0 && (!listening || listen(fd.get(), 4) == 0) &&
            getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0)
            text = "127.0.0.1:" + std::to_string(ntohs(bound.sin_port));
    }
    Fd fd;
    std::string text;
};

Found in_upstream(std::vector<std::string> words) { return {std::move(words), "f:1", {"http", "upstream"}, -1}; }
Found in_location(std::vector<std::string> words) { return {std::move(words), "f:2", {"http", "server", "location"}, 0}; }

TEST(TakeoverBackends, EachServerOfABlockHasItsHealth) {
    Port up(true), down(false);
    Survey survey;
    survey.directives = {{{"upstream", "app"}, "f:1", {"http"}, -1}, in_upstream({"server", up.text}), in_upstream({"server", down.text, "weight=2"}),
                         in_upstream({"server", up.text, "down"}), in_location({"proxy_pass", "http://app/x"}), in_location({"fastcgi_pass", "app"})};
    auto all = backends_of(survey);
    ASSERT_EQ(all.size(), 3u) << "a pass to a block is no backend of its own";
    for (auto& one : all) EXPECT_EQ(one.upstream, "app");
    EXPECT_EQ(all[0].health, Health::kUp);
    EXPECT_EQ(all[0].reason, "");
    EXPECT_EQ(all[1].health, Health::kDown);
    EXPECT_EQ(all[1].reason, "Connection refused");
    EXPECT_EQ(all[2].health, Health::kUnknown) << "nginx does not use it either";
}

TEST(TakeoverBackends, APassThatNamesAnAddressIsABackend) {
    Port up(true);
    Survey survey;
    survey.directives = {in_location({"proxy_pass", "http://" + up.text + "/x"}), in_location({"fastcgi_pass", "unix:/nonexistent/php.sock"}),
                         in_location({"proxy_pass", "http://unix:/nonexistent/app.sock:/x"}), in_location({"proxy_pass", "http://$backend"}),
                         in_location({"proxy_pass_header", "Server"})};
    auto all = backends_of(survey);
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[0].health, Health::kUp);
    EXPECT_EQ(all[0].upstream, "");
    EXPECT_EQ(all[0].place, "f:2");
    for (auto& one : {all[1], all[2]}) {
        EXPECT_EQ(one.health, Health::kDown);
        EXPECT_EQ(one.reason, "No such file or directory");
    }
    EXPECT_EQ(all[3].health, Health::kUnknown);
}

}  // namespace
}  // namespace bext::takeover
