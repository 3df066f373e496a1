#include "net/syslog.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"

namespace bext::net {
namespace {

SystemNames names;

std::string error(std::string_view options) {
    auto place = parse_syslog(options, names);
    return place ? "" : place.error().text;
}

TEST(Syslog, Options) {
    auto place = parse_syslog("server=127.0.0.1:12,facility=user,tag=t_1,severity=warn,nohostname", names);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->facility, 1);
    EXPECT_EQ(place->severity, 4);
    EXPECT_EQ(place->tag, "t_1");
    EXPECT_EQ(place->host, "");
    auto standard = parse_syslog("server=unix:/run/log", names);
    ASSERT_TRUE(standard);
    EXPECT_EQ(standard->facility, 23);
    EXPECT_EQ(standard->severity, 6);
    EXPECT_EQ(standard->tag, "nginx");
    EXPECT_NE(standard->host, "");
}

TEST(Syslog, BadOptions) {
    EXPECT_EQ(error("tag=x"), "no syslog server specified");
    EXPECT_EQ(error("server=127.0.0.1,server=127.0.0.1"), "duplicate syslog \"server\"");
    EXPECT_EQ(error("server=127.0.0.1:0"), "invalid port in syslog server \"127.0.0.1:0\"");
    EXPECT_EQ(error("server=/path"), "invalid host in syslog server \"/path\"");
    EXPECT_EQ(error("server=[127.0.0.1]:514"), "invalid IPv6 address in syslog server \"[127.0.0.1]:514\"");
    EXPECT_EQ(error("server=[::1"), "invalid host in syslog server \"[::1\"");
    EXPECT_EQ(error("server=:12"), "no host in syslog server \":12\"");
    EXPECT_EQ(error("facility=none"), "unknown syslog facility \"none\"");
    EXPECT_EQ(error("severity=none"), "unknown syslog severity \"none\"");
    EXPECT_EQ(error("tag=a-b"), "syslog \"tag\" only allows alphanumeric characters and underscore");
    EXPECT_EQ(error("tag=" + std::string(33, 'x')), "syslog tag length exceeds 32");
    EXPECT_EQ(error("else"), "unknown syslog parameter \"else\"");
}

TEST(Syslog, Messages) {
    Fd server(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    auto address = Address::ipv4(0x7f000001, 0);
    ASSERT_EQ(bind(server.get(), address.raw(), address.size()), 0);
    socklen_t size = Address::capacity();
    ASSERT_EQ(getsockname(server.get(), address.raw(), &size), 0);
    auto place = parse_syslog("server=" + address.text() + ",nohostname,tag=bext", names);
    ASSERT_TRUE(place);
    auto received = [&] {
        char buffer[4096];
        auto n = recv(server.get(), buffer, sizeof buffer, 0);
        std::string text(buffer, static_cast<std::size_t>(n));
        auto date = text.find('>') + 1;
        return text.erase(date, text.find(" bext:") - date);
    };
    Log log;
    log.add(Level::kWarn, log_to_syslog(*place));
    log.write(Level::kError, "a failure");
    auto line = received();
    EXPECT_TRUE(line.starts_with("<187> bext: ")) << line;
    EXPECT_TRUE(line.ends_with(": a failure")) << line;
    bext::Syslog access(*place);
    access.send(-1, std::string(5000, 'x'));
    line = received();
    EXPECT_TRUE(line.starts_with("<190> bext: xxx")) << line;
    EXPECT_LE(line.size(), 2048u);
}

}  // namespace
}  // namespace bext::net
