#include "cli/replace_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bext::cli {
namespace {

class ReplaceFileTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(mkdtemp(directory_.data())); }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    std::string at(const std::string& name) const { return directory_ + "/" + name; }
    void write(const std::string& name, const std::string& text) { std::ofstream(at(name)) << text; }
    std::string read(const std::string& name) {
        std::ifstream in(at(name));
        return {std::istreambuf_iterator<char>(in), {}};
    }

    std::string directory_ = testing::TempDir() + "replace_XXXXXX";
};

TEST_F(ReplaceFileTest, KeepsTheOneBeforeAndComesBack) {
    write("server", "old");
    write("next", "new");
    ASSERT_EQ(chmod(at("server").c_str(), 0751), 0);
    auto replaced = ReplacedFile::put(at("next"), at("server"));
    ASSERT_TRUE(replaced);
    EXPECT_EQ(read("server"), "new");
    EXPECT_EQ(read("server.prev"), "old");
    struct stat facts {};
    ASSERT_EQ(stat(at("server").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0751u);
    ASSERT_TRUE(replaced->undo());
    EXPECT_EQ(read("server"), "old");
    EXPECT_FALSE(std::filesystem::exists(at("server.new")));
}

TEST_F(ReplaceFileTest, WhatCannotBeCopiedChangesNothing) {
    write("server", "old");
    auto replaced = ReplacedFile::put(at("missing"), at("server"));
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().text, "open() \"" + at("missing") + "\" failed (2: No such file or directory)");
    EXPECT_EQ(read("server"), "old");
    EXPECT_FALSE(std::filesystem::exists(at("server.new")));
    EXPECT_FALSE(std::filesystem::exists(at("server.prev")));
}

}  // namespace
}  // namespace bext::cli
