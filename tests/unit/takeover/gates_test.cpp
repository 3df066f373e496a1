// What a takeover writes into units, and reads of command lines.
#include "takeover/gates.h"

#include <gtest/gtest.h>

#include "takeover/nginx.h"

namespace bext::takeover {
namespace {

TEST(TakeoverGates, WordsSurviveSystemd) {
    EXPECT_EQ(unit_word("daemon on; master_process on;"), "\"daemon on; master_process on;\"");
    EXPECT_EQ(unit_word("a\"b\\c%d$e"), "\"a\\\"b\\\\c%%d$$e\"");
    loader::Source source;
    EXPECT_NE(bext_gate(source, "/usr/sbin/bext-server").find("--nginx-config \"/etc/nginx/nginx.conf\"\n"), std::string::npos);
    source.conf_file = "/srv/my site/nginx.conf";
    EXPECT_NE(bext_gate(source, "/usr/sbin/bext-server").find("ExecStart=\nExecStart=/usr/sbin/bext-server run --nginx-config \"/srv/my site/nginx.conf\"\n"),
              std::string::npos);
}

TEST(TakeoverNginx, OptionsOfATitle) {
    EXPECT_EQ(option_in("nginx: master process /usr/sbin/nginx -c /srv/n.conf -g daemon on;", "-c"), "/srv/n.conf");
    EXPECT_EQ(option_in("nginx: master process /usr/sbin/nginx -g daemon on;", "-c"), "");
    EXPECT_EQ(option_in("nginx -c", "-c"), "");
}

}  // namespace
}  // namespace bext::takeover
