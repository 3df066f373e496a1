// The pid file and the log files: modes, owners, and what others put in their place.
#include "supervisor/pidfile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "supervisor/logs.h"

namespace bext::supervisor {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
protected:
    FilesTest() {
        directory_ = testing::TempDir() + "files_XXXXXX";
        mkdtemp(directory_.data());
        old_mask_ = umask(022);
    }
    ~FilesTest() override {
        umask(old_mask_);
        fs::remove_all(directory_);
    }
    std::string at(const std::string& name) const { return directory_ + "/" + name; }
    static std::string read(const std::string& path) {
        std::ifstream in(path);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    static struct stat facts(const std::string& path) {
        struct stat found{};
        stat(path.c_str(), &found);
        return found;
    }

    std::string directory_;
    mode_t old_mask_;
};

TEST_F(FilesTest, PidFileIsWrittenAndRemoved) {
    std::ofstream(at("pid")) << "1234567890 something longer";
    ASSERT_TRUE(write_pid_file(at("pid")));
    EXPECT_EQ(read(at("pid")), std::to_string(getpid()) + "\n");
    ASSERT_TRUE(remove_pid_file(at("pid")));
    EXPECT_FALSE(fs::exists(at("pid")));
    ASSERT_TRUE(write_pid_file(at("new")));
    EXPECT_EQ(facts(at("new")).st_mode & 0777, 0644u);
}

TEST_F(FilesTest, PidFileOfAnotherIsLeftAlone) {
    std::ofstream(at("pid")) << "1\n";
    ASSERT_TRUE(remove_pid_file(at("pid")));
    EXPECT_TRUE(fs::exists(at("pid")));
}

TEST_F(FilesTest, PidFileErrorsAreNginxs) {
    EXPECT_EQ(write_pid_file(at("no/pid")).error().text,
              "open() \"" + at("no/pid") + "\" failed (2: No such file or directory)");
    EXPECT_EQ(remove_pid_file(at("pid")).error().text,
              "unlink() \"" + at("pid") + "\" failed (2: No such file or directory)");
}

TEST_F(FilesTest, LogsAreAppendedToAndReopened) {
    std::ofstream(at("log")) << "before\n";
    handoff::Plan plan;
    plan.log_files = {at("log"), at("other")};
    plan.error_logs = {{at("log"), 6}};
    auto logs = *Logs::open(plan);
    auto log = logs.log_of(plan);
    log.write(Level::kNotice, "first");
    fs::rename(at("log"), at("log.1"));
    log.write(Level::kNotice, "second");
    logs.reopen(-1);
    log.write(Level::kNotice, "third");
    auto rotated = read(at("log.1"));
    EXPECT_TRUE(rotated.starts_with("before\n"));
    EXPECT_NE(rotated.find("first\n"), std::string::npos);
    EXPECT_NE(rotated.find("second\n"), std::string::npos);
    EXPECT_EQ(rotated.find("third"), std::string::npos);
    EXPECT_NE(read(at("log")).find("third\n"), std::string::npos);
    EXPECT_EQ(facts(at("log")).st_mode & 0777, 0644u);
    ASSERT_EQ(logs.loans().size(), 2u);
    EXPECT_EQ(logs.loans()[1].tag, (handoff::Tag{handoff::Role::kLog, 1, 0}));
}

TEST_F(FilesTest, ReopenedLogIsGivenToTheUser) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    handoff::Plan plan;
    plan.log_files = {at("log")};
    auto logs = *Logs::open(plan);
    EXPECT_EQ(facts(at("log")).st_uid, 0u);
    fs::remove(at("log"));
    logs.reopen(65534);
    EXPECT_EQ(facts(at("log")).st_uid, 65534u);
    EXPECT_EQ(facts(at("log")).st_gid, 0u);
}

TEST_F(FilesTest, LinkInSomebodyElsesDirectoryIsNotFollowedByRoot) {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    fs::create_symlink(at("target"), at("log"));
    EXPECT_TRUE(open_log(at("log")));  // the administrator's own link
    ASSERT_EQ(chown(directory_.c_str(), 65534, 65534), 0);
    auto opened = open_log(at("log"));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().system, ELOOP);
    EXPECT_TRUE(open_log(at("plain")));
}

TEST_F(FilesTest, LogErrorIsNginxs) {
    handoff::Plan plan;
    plan.log_files = {at("no/log")};
    EXPECT_EQ(Logs::open(plan).error().text, "open() \"" + at("no/log") + "\" failed (2: No such file or directory)");
}

}  // namespace
}  // namespace bext::supervisor
