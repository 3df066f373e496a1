// Whether systemd has read a unit's files: by paths, times and content, whatever it says of itself.
#include "sysd/unread.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace bext::sysd {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

class Unread : public testing::Test {
protected:
    Unread() {
        char name[] = "/tmp/bext-unread-test.XXXXXX";
        root_ = mkdtemp(name);
        loading_.directories = {root_ + "/etc", root_ + "/run", root_ + "/lib"};
        loading_.when_us = 1'700'000'000'000'000;
        unit_.fragment_path = put("lib/nginx.service", "[Service]\nExecStart=/usr/sbin/nginx -g 'daemon on;'\n");
        unit_.drop_in_paths = {put("etc/nginx.service.d/bext.conf", "[Service]\nExecStart=\nExecStart=/usr/sbin/bext-server --nginx-masquerade\n")};
    }
    ~Unread() override { fs::remove_all(root_); }

    /// A file that is older than the reading.
    std::string put(const std::string& name, const std::string& text, long seconds = 1'600'000'000) {
        auto path = root_ + "/" + name;
        fs::create_directories(fs::path(path).parent_path());
        std::ofstream(path) << text;
        timespec times[2] = {{seconds, 0}, {seconds, 0}};
        utimensat(AT_FDCWD, path.c_str(), times, 0);
        return path;
    }
    std::string ask(const Words& start = {"/usr/sbin/bext-server", "--nginx-masquerade"}) { return unread("nginx.service", unit_, loading_, start); }

    std::string root_;
    Loading loading_;
    Unit unit_;
};

TEST_F(Unread, NothingWhenNothingHasChanged) { EXPECT_EQ(ask(), ""); }

TEST_F(Unread, AFileThatIsNewerThanTheReading) {
    put("lib/nginx.service", "[Service]\n", 1'700'000'001);
    EXPECT_EQ(ask(), root_ + "/lib/nginx.service was changed since it was read");
}

TEST_F(Unread, ADropInThatHasComeOrGone) {
    for (auto place : {"etc/nginx.service.d/a.conf", "run/nginx.service.d/zzz.conf", "lib/service.d/all.conf"}) {
        auto path = put(place, "[Service]\n");
        EXPECT_EQ(ask(), path + " is not read yet");
        fs::remove(path);
        put(std::string(place) + ".bak", "no drop-in\n");
        EXPECT_EQ(ask(), "");
    }
    fs::remove(unit_.drop_in_paths.front());
    EXPECT_EQ(ask(), unit_.drop_in_paths.front() + " is read, and gone");
}

TEST_F(Unread, OneThatAnotherOfItsNameHides) {
    put("lib/nginx.service.d/bext.conf", "[Service]\n");
    EXPECT_EQ(ask(), "") << "etc wins";
    put("run/nginx.service.d/bext.conf", "[Service]\n");
    unit_.drop_in_paths = {root_ + "/lib/nginx.service.d/bext.conf"};
    EXPECT_EQ(ask(), root_ + "/lib/nginx.service.d/bext.conf is read, and gone");
}

TEST_F(Unread, WhatIsStartedIsCompared) {
    EXPECT_EQ(ask({"/usr/sbin/nginx"}), "what nginx.service starts is another on the disk");
    put("etc/nginx.service.d/bext.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/%p\n");
    EXPECT_EQ(ask({"/usr/bin/nginx"}), "") << "systemd has changed these words";
}

}  // namespace
}  // namespace bext::sysd
