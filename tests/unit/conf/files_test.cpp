#include "conf/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bext::conf {
namespace {

struct DiskFilesTest : testing::Test {
    void SetUp() override {
        char name[] = "/tmp/bext-files-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        folder = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    std::string write(const std::string& name, const std::string& text) {
        auto path = folder + "/" + name;
        std::ofstream(path) << text;
        return path;
    }
    std::string folder;
    DiskFiles files;
};

TEST_F(DiskFilesTest, APathIsReadOnce) {
    auto path = write("a", "one");
    EXPECT_EQ(*files.read(path), "one");
    write("a", "two");
    EXPECT_EQ(*files.read(path), "one");
    ASSERT_EQ(files.contents().size(), 1u);
    EXPECT_EQ(files.contents().at(path).bytes, "one");
}

TEST_F(DiskFilesTest, FailuresAreRemembered) {
    auto path = folder + "/absent";
    EXPECT_EQ(files.read(path).error().text, "open() \"" + path + "\" failed (2: No such file or directory)");
    write("absent", "there now");
    EXPECT_EQ(files.read(path).error().system, ENOENT);
    EXPECT_EQ(files.read(folder).error().text, "[crit] pread() \"" + folder + "\" failed (21: Is a directory)");
}

TEST_F(DiskFilesTest, PatternsAreSortedAndMayMatchNothing) {
    write("b.conf", "");
    write("a.conf", "");
    write("c.txt", "");
    EXPECT_EQ(*files.glob(folder + "/*.conf"), (std::vector<std::string>{folder + "/a.conf", folder + "/b.conf"}));
    EXPECT_TRUE(files.glob(folder + "/*.none")->empty());
    write("0.conf", "");
    EXPECT_EQ(files.glob(folder + "/*.conf")->size(), 2u);
    EXPECT_EQ(files.globs().size(), 2u);
}

TEST(Files, AbsolutePath) {
    EXPECT_EQ(absolute_path("/etc/", "a/b"), "/etc/a/b");
    EXPECT_EQ(absolute_path("/etc/", "/a"), "/a");
    EXPECT_EQ(absolute_path("/etc/", ""), "/etc/");
}

}  // namespace
}  // namespace bext::conf
