// Which program a server executes in its place: nobody but root has a say in that.
#include "supervisor/stand_aside.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bext::supervisor {
namespace {

class StandAsideTest : public testing::Test {
protected:
    StandAsideTest() {
        directory_ = testing::TempDir() + "aside_XXXXXX";
        mkdtemp(directory_.data());
        directory_ = std::filesystem::canonical(directory_);
        path_ = directory_ + "/stand-aside";
        program_ = directory_ + "/nginx";
        std::ofstream(program_) << "";
        chmod(program_.c_str(), 0755);
        say(program_ + "\n/usr/sbin/nginx\n-g\ndaemon on; master_process on;\n");
    }
    ~StandAsideTest() override { std::filesystem::remove_all(directory_); }

    void say(const std::string& text) const {
        std::ofstream(path_) << text;
        chmod(path_.c_str(), 0600);
    }
    std::string refused() const {
        auto read = read_stand_aside(path_);
        return read ? "" : read.error().text;
    }

    std::string directory_, path_, program_;
};

TEST_F(StandAsideTest, TheFileHasTheProgramAndItsWords) {
    auto read = read_stand_aside(path_);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->binary, program_);
    EXPECT_EQ(read->argv, (std::vector<std::string>{"/usr/sbin/nginx", "-g", "daemon on; master_process on;"}));
    EXPECT_EQ(stand_aside_text(*read), program_ + "\n/usr/sbin/nginx\n-g\ndaemon on; master_process on;\n");
}

TEST_F(StandAsideTest, WhatOthersCanChangeIsNotExecuted) {
    for (auto& [path, mode] : {std::pair(path_, 0666), std::pair(path_, 0620), std::pair(program_, 0777), std::pair(directory_, 0777)}) {
        struct stat before {};
        ASSERT_EQ(stat(path.c_str(), &before), 0);
        chmod(path.c_str(), static_cast<mode_t>(mode));
        EXPECT_EQ(refused(), "\"" + path + "\" can be changed by others than root");
        chmod(path.c_str(), before.st_mode & 07777);
        EXPECT_EQ(refused(), "");
    }
    std::filesystem::create_directory(directory_ + "/open");
    chmod((directory_ + "/open").c_str(), 0777);
    std::filesystem::create_symlink(program_, directory_ + "/open/link");
    say(directory_ + "/open/link\nnginx\n");
    EXPECT_EQ(refused(), "\"" + directory_ + "/open\" can be changed by others than root") << "the link could be another's tomorrow";
    std::filesystem::rename(path_, directory_ + "/other");
    std::filesystem::create_symlink("other", path_);
    EXPECT_NE(refused(), "");
}

TEST_F(StandAsideTest, WithoutItNothingIs) {
    for (auto* text : {"", "\n", "nginx\nnginx\n", "/usr/sbin/nginx\n", "/no/such/program\nnginx\n"}) {
        say(text);
        EXPECT_NE(refused(), "") << text;
    }
    std::filesystem::remove(path_);
    EXPECT_NE(refused(), "");
}

}  // namespace
}  // namespace bext::supervisor
