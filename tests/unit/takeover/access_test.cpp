// Who may see the dashboard: every way around the token is closed.
#include "takeover/access.h"

#include <gtest/gtest.h>

#include "takeover/gates.h"
#include "takeover/nginx.h"

namespace bext::takeover {
namespace {

class TakeoverAccess : public testing::Test {
protected:
    TakeoverAccess() {
        good_.path = "/api/status";
        good_.host = "127.0.0.1:9999";
        good_.token = "secret";
    }
    Access access_{"secret", 9999};
    Asking good_;
};

TEST_F(TakeoverAccess, TheTokenOpens) {
    EXPECT_EQ(access_.judge(good_), Answerable::kYes);
    good_.post = true;
    EXPECT_EQ(access_.judge(good_), Answerable::kYes);
    for (auto host : {"localhost:9999", "[::1]:9999"}) {
        good_.host = host;
        EXPECT_EQ(access_.judge(good_), Answerable::kYes) << host;
    }
}

TEST_F(TakeoverAccess, AForeignHostIsRefusedEvenWithTheToken) {
    for (auto host : {"", "127.0.0.1", "127.0.0.1:80", "evil.example:9999", "127.0.0.1:9999.evil.example", "localhost"}) {
        good_.host = host;
        EXPECT_EQ(access_.judge(good_), Answerable::kWrongHost) << host;
    }
}

TEST_F(TakeoverAccess, AForeignOriginIsRefused) {
    for (auto origin : {"http://evil.example", "null", "https://127.0.0.1:9999", "http://127.0.0.1:80"}) {
        good_.origin = origin;
        EXPECT_EQ(access_.judge(good_), Answerable::kWrongOrigin) << origin;
    }
    good_.origin = "http://localhost:9999";
    EXPECT_EQ(access_.judge(good_), Answerable::kYes);
}

TEST_F(TakeoverAccess, TheCookieLooksAndChangesNothing) {
    good_.token = "";
    EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
    good_.cookie = "a=b; bext_takeover=secret";
    EXPECT_EQ(access_.judge(good_), Answerable::kYes);
    good_.post = true;
    EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
    good_.post = false;
    good_.cookie = "bext_takeover=secreT";
    EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
}

TEST_F(TakeoverAccess, TheUrlIsTheWayIn) {
    good_.token = "";
    good_.query = "x=1&token=secret";
    EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
    good_.path = "/";
    EXPECT_EQ(access_.judge(good_), Answerable::kEnter);
    good_.query = "token=";
    EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
    EXPECT_NE(access_.cookie().find("SameSite=Strict"), std::string::npos);
    EXPECT_NE(access_.cookie().find("HttpOnly"), std::string::npos);
}

TEST_F(TakeoverAccess, NoTokenIsNoTokenThatFits) {
    good_.token = "";
    EXPECT_EQ(Access("", 9999).judge(good_), Answerable::kNoToken);
    EXPECT_EQ(Access::new_token().size(), 64u);
    EXPECT_NE(Access::new_token(), Access::new_token());
}

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
