// Who may see the dashboard: every way around the token is closed.
#include "dashboard/access.h"

#include <gtest/gtest.h>

#include <set>

#include "dashboard/page.h"

namespace bext::dashboard {
namespace {

class DashboardAccess : public testing::Test {
protected:
    DashboardAccess() {
        good_.path = "/api/status";
        good_.host = "127.0.0.1:9999";
        good_.token = "secret";
    }
    Access access_{{"secret", "cookie", "key"}, 9999};
    Asking good_;
};

TEST_F(DashboardAccess, TheTokenOpens) {
    EXPECT_EQ(access_.judge(good_), Answerable::kYes);
    good_.post = true;
    EXPECT_EQ(access_.judge(good_), Answerable::kYes);
    for (auto host : {"localhost:9999", "[::1]:9999", "127.0.0.1:8080", "localhost:1", "localhost"}) {  // a tunnel may begin at any port
        good_.host = host;
        EXPECT_EQ(access_.judge(good_), Answerable::kYes) << host;
    }
}

TEST_F(DashboardAccess, AForeignHostIsRefusedEvenWithTheToken) {
    for (auto host : {"", "127.0.0.2", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:80a", "evil.example:9999", "127.0.0.1:9999.evil.example",
                      "127.0.0.1.evil.example", "localhost.evil.example:9999", "localhost@evil.example:80"}) {
        good_.host = host;
        EXPECT_EQ(access_.judge(good_), Answerable::kWrongHost) << host;
    }
}

TEST_F(DashboardAccess, AForeignOriginIsRefused) {
    for (auto origin : {"http://evil.example", "null", "https://127.0.0.1:9999", "http://127.0.0.1:80"}) {
        good_.origin = origin;
        EXPECT_EQ(access_.judge(good_), Answerable::kWrongOrigin) << origin;
    }
    good_.origin = "http://localhost:9999";
    EXPECT_EQ(access_.judge(good_), Answerable::kWrongOrigin) << "the page is 127.0.0.1's";
    good_.origin = "http://127.0.0.1:9999";
    EXPECT_EQ(access_.judge(good_), Answerable::kYes);
    good_.host = "localhost:8888";
    EXPECT_EQ(access_.judge(good_), Answerable::kWrongOrigin);
    good_.origin = "http://localhost:8888";
    EXPECT_EQ(access_.judge(good_), Answerable::kYes) << "at the other end of a tunnel";
}

/// The browser sends the cookie to every port of this machine: whoever listens on another one has it.
TEST_F(DashboardAccess, TheCookieIsWorthNothingWithoutTheKeyOfThePage) {
    good_.token = "";
    for (auto cookie : {"", "bext_dashboard_9999=cookie", "a=b; bext_dashboard_9999=cookie; c=d"})
        for (auto key : {"", "key", "cookie", "secret", "ke", "keys"})
            for (bool post : {false, true}) {
                good_.cookie = cookie, good_.key = key, good_.post = post;
                bool both = *cookie && std::string_view(key) == "key";
                EXPECT_EQ(access_.judge(good_), both ? Answerable::kYes : Answerable::kNoToken) << cookie << " and " << key;
            }
    good_.key = "key";
    for (auto cookie : {"bext_dashboard_9999=Cookie", "bext_dashboard_9999=", "bext_dashboard_9998=cookie", "bext_dashboard=cookie", "bext_dashboard_9999=key"}) {
        good_.cookie = cookie;
        EXPECT_EQ(access_.judge(good_), Answerable::kNoToken) << cookie;
    }
}

TEST_F(DashboardAccess, NeitherIsTheToken) {
    for (auto secret : {"cookie", "key"}) {
        good_.token = secret;
        EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
    }
}

/// The page is loaded without a header of its own. It holds nothing.
TEST_F(DashboardAccess, TheCookieAloneOpensThePageAndNothingElse) {
    good_.token = "";
    good_.cookie = "bext_dashboard_9999=cookie";
    good_.path = "/";
    EXPECT_EQ(access_.judge(good_), Answerable::kPage);
    good_.post = true;
    EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
    auto page = page_text(Page::kTakeover, "nonce");
    for (auto secret : {"secret", "cookie\"", "'key'"}) EXPECT_EQ(page.find(secret), std::string::npos) << secret;
    EXPECT_NE(entry_page(Page::kTakeover, "nonce", "key").find("sessionStorage.setItem('bext-key','key')"), std::string::npos);
}

TEST_F(DashboardAccess, TheUrlIsTheWayIn) {
    good_.token = "";
    good_.query = "x=1&token=secret";
    EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
    good_.path = "/";
    EXPECT_EQ(access_.judge(good_), Answerable::kEnter);
    good_.query = "token=";
    EXPECT_EQ(access_.judge(good_), Answerable::kNoToken);
    EXPECT_TRUE(access_.cookie().starts_with("bext_dashboard_9999=cookie; "));
    EXPECT_NE(access_.cookie().find("SameSite=Strict"), std::string::npos);
    EXPECT_NE(access_.cookie().find("HttpOnly"), std::string::npos);
}

TEST_F(DashboardAccess, NoTokenIsNoTokenThatFits) {
    good_.token = "";
    good_.cookie = "bext_dashboard_9999=";
    for (auto& secrets : {Secrets{}, Secrets{"secret", "", ""}, Secrets{"secret", "cookie", ""}})
        EXPECT_EQ(Access(secrets, 9999).judge(good_), Answerable::kNoToken);
    auto secrets = Secrets::create();
    EXPECT_EQ(secrets.token.size(), 64u);
    EXPECT_EQ((std::set<std::string>{secrets.token, secrets.cookie, secrets.key, random_text()}.size()), 4u) << "each is another";
}

}  // namespace
}  // namespace bext::dashboard
