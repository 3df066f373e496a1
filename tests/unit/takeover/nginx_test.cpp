// How nginx is started by itself, and what its own test of the configuration says.
#include "takeover/nginx.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

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

}  // namespace
}  // namespace bext::takeover
