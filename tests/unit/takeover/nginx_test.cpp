// How nginx is started by itself, and what its own test of the configuration says.
#include "takeover/nginx.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "takeover/here.h"

namespace bext::takeover {
namespace {

using Words = std::vector<std::string>;

class TakeoverNginxUnit : public testing::Test {
protected:
    TakeoverNginxUnit() {
        char name[] = "/tmp/bext-nginx-test.XXXXXX";
        directory_ = mkdtemp(name);
    }
    ~TakeoverNginxUnit() override {
        for (auto& path : files_) unlink(path.c_str());
        rmdir(directory_.c_str());
    }
    std::string file(const std::string& name, const std::string& text) {
        files_.push_back(directory_ + "/" + name);
        std::ofstream(files_.back()) << text;
        return files_.back();
    }
    std::string directory_;
    Words files_;
};

TEST_F(TakeoverNginxUnit, WhatAWayBackHasLeftIsNotHowNginxIsStarted) {
    sysd::Unit unit;
    EXPECT_TRUE(own_words(unit).empty());
    unit.fragment_path = file("nginx.service", "[Service]\nExecStartPre=/usr/sbin/nginx -t -q\nExecStart=/usr/sbin/nginx -g 'daemon on;'\n");
    EXPECT_EQ(own_words(unit), (Words{"/usr/sbin/nginx", "-g", "daemon on;"}));
    auto left = file("zzz.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/bext serve-on /run/a.sock \"/run/nginx.pid\" \"/usr/sbin/nginx\"\n");
    unit.drop_in_paths = {left};
    EXPECT_EQ(own_words(unit), (Words{"/usr/sbin/nginx", "-g", "daemon on;"}));
    auto changed = file("own.conf", "[Service]\nExecStart=\nExecStart=/opt/nginx -c /srv/n.conf\n");
    unit.drop_in_paths = {changed, left};
    EXPECT_EQ(own_words(unit), (Words{"/opt/nginx", "-c", "/srv/n.conf"}));
    unit.drop_in_paths = {"/no/such/file"};
    EXPECT_EQ(own_words(unit), (Words{"/usr/sbin/nginx", "-g", "daemon on;"}));
}

TEST(TakeoverNginxTest, AnAddressThatIsNotHereIsNoFaultOfTheConfiguration) {
    const std::string syntax = "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n";
    const std::string absent = "nginx: [emerg] bind() to 10.9.9.9:80 failed (99: Cannot assign requested address)\n";
    const std::string failed = "nginx: configuration file /etc/nginx/nginx.conf test failed\n";
    EXPECT_EQ(only_absent(syntax + absent + failed), "bind() to 10.9.9.9:80 failed (99: Cannot assign requested address)");
    EXPECT_EQ(only_absent(syntax + "2026/11/28 23:36:12 [emerg] 461#461: bind() to [::2]:80 failed (99: Cannot assign requested address)\n" + failed),
              "bind() to [::2]:80 failed (99: Cannot assign requested address)");
    EXPECT_EQ(only_absent(absent + failed), "") << "it stopped before";
    EXPECT_EQ(only_absent(syntax + failed), "");
    EXPECT_EQ(only_absent(syntax + absent + "nginx: [emerg] open() \"/x\" failed (2: No such file or directory)\n"), "");
    EXPECT_EQ(only_absent(syntax + "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)\n"), "");
}

TEST(TakeoverHere, KnowsTheAddressesOfThisMachine) {
    EXPECT_TRUE(is_here(*net::Address::literal("127.0.0.1", 80)));
    EXPECT_TRUE(is_here(*net::Address::literal("127.8.9.10", 80)));
    EXPECT_FALSE(is_here(*net::Address::literal("192.0.2.77", 80)));
    EXPECT_FALSE(is_here(*net::Address::literal("2001:db8::77", 80)));
    EXPECT_TRUE(is_here(*net::Address::unix_path("/run/x")));
    std::vector<Target> targets;
    for (auto text : {"127.0.0.1", "192.0.2.77", "127.0.0.1"}) targets.push_back({*net::Address::literal(text, 80), "name", false, false, nullptr});
    EXPECT_EQ(remove_absent(targets), std::vector<std::string>{"192.0.2.77:80"});
    EXPECT_EQ(targets.size(), 2u);
}

}  // namespace
}  // namespace bext::takeover
