// An expression that fails decides nothing, wherever it stands: the request ends with 500 (Request::undecided).
#include <gtest/gtest.h>

#include "support/memory_site.h"

namespace bext::tests {
namespace {

constexpr std::string_view kFails = "\"~(*LIMIT_MATCH=1)(x+)+[yz]\"";

class Undecided : public testing::Test {
protected:
    int status(const std::string& body, std::string_view uri = "/xxxxxxxxxxxx") {
        auto read = read_configuration("events { worker_connections 64; } error_log /dev/null crit; http { access_log off; map $uri $role { " + std::string(kFails) +
                                       " user; default admin; } server { listen 80; server_name h; error_page 404 /page; " + body + " } }");
        EXPECT_TRUE(read) << (read ? "" : read.error().text);
        if (!read) return 0;
        MemorySite site(thread, read->site);
        answer = site.get(uri);
        return answer.status;
    }
    http::Thread thread;
    Answer answer;
};

TEST_F(Undecided, AMapDoesNotTakeItsDefault) {
    EXPECT_EQ(status("location / { if ($role = admin) { return 200; } return 403; }"), 500);
    EXPECT_EQ(status("set $copy $role; location / { return 200 $copy; }"), 500);
    EXPECT_EQ(status("location / { return 200 $role; }"), 500);
    EXPECT_EQ(answer.body.find("admin"), std::string::npos);
}

TEST_F(Undecided, NorDoesOneInAHeader) { EXPECT_EQ(status("location / { add_header X-Role $role always; return 200 ok; }"), 500); }

TEST_F(Undecided, LocationsAreNotPassedOver) {
    EXPECT_EQ(status("location / { return 200; } location ~ \"(*LIMIT_MATCH=1)(x+)+[yz]\" { return 403; }"), 500);
    EXPECT_EQ(status("location / { return 200; location ~ \"(*LIMIT_MATCH=1)(x+)+[yz]\" { return 403; } }"), 500);
}

TEST_F(Undecided, ConditionsHoldInNoDirection) {
    for (auto mark : {"~", "~*", "!~", "!~*"})
        EXPECT_EQ(status(std::string("location / { if ($uri ") + mark + " \"(*LIMIT_MATCH=1)(x+)+[yz]\") { return 200 in; } return 200 out; }"), 500) << mark;
    EXPECT_EQ(status("if ($uri ~ \"(*LIMIT_MATCH=1)(x+)+[yz]\") { return 403; } location / { return 200; }"), 500);
}

TEST_F(Undecided, RewriteStops) {
    EXPECT_EQ(status("rewrite \"(*LIMIT_MATCH=1)(x+)+[yz]\" /denied; location / { return 200; }"), 500);
    EXPECT_EQ(status("location / { rewrite \"(*LIMIT_MATCH=1)(x+)+[yz]\" /denied break; return 200; }"), 500);
}

TEST_F(Undecided, AnErrorPageMayAnswer) {
    EXPECT_EQ(status("error_page 500 =503 /page; location = /page { return 200 sorry; } location ~ \"(*LIMIT_MATCH=1)(x+)+[yz]\" { return 403; }"), 503);
    EXPECT_EQ(status("error_page 500 /xxxxxxxxxxxxx; location / { return 200 open; } location ~ \"(*LIMIT_MATCH=1)(x+)+[yz]\" { return 403; }"), 500);
    EXPECT_EQ(answer.body.find("open"), std::string::npos);
}

TEST_F(Undecided, WhatDoesNotFailIsNotConcerned) {
    EXPECT_EQ(status("location / { if ($role = admin) { return 200; } return 403; }", "/a"), 200);
}

}  // namespace
}  // namespace bext::tests
