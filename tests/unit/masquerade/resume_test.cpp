#include "masquerade/resume.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "masquerade/journal.h"

namespace bext::masquerade {
namespace {

class Resume : public testing::Test {
protected:
    Resume() { settings_.state_dir = (std::filesystem::temp_directory_path() / ("bext-resume-" + std::to_string(getpid())) / "masquerade").string(); }
    ~Resume() override { std::filesystem::remove_all(std::filesystem::path(settings_.state_dir).parent_path()); }

    /// After these words were added to the journal.
    std::string after(const std::vector<std::string>& words) {
        auto journal = Journal::open(settings_.journal());
        EXPECT_TRUE(journal);
        for (auto& word : words) EXPECT_TRUE(journal->add(word, "shim"));
        return unfinished(settings_);
    }

    Settings settings_;
};

TEST_F(Resume, the_direction_is_that_of_the_run_that_was_begun_last) {
    EXPECT_EQ(unfinished(settings_), "");
    EXPECT_EQ(after({"install"}), "install");
    EXPECT_EQ(after({"begin", "done"}), "install");
    EXPECT_EQ(after({"installed"}), "");
    EXPECT_EQ(after({"uninstall", "undo", "undone"}), "uninstall");
    EXPECT_EQ(after({"install"}), "install");
}

TEST_F(Resume, what_was_said_is_said_again) {
    settings_.pid_file = "/run/other.pid";
    settings_.nginx_config = "/srv/nginx.conf";
    std::vector<std::string> programs{"--bext-bin", settings_.bext_bin, "--shim-bin", settings_.shim_bin, "--shim-source", settings_.shim_source};
    auto expected = [&](std::vector<std::string> first, std::vector<std::string> last) {
        first.insert(first.end(), programs.begin(), programs.end());
        first.insert(first.end(), last.begin(), last.end());
        return first;
    };
    EXPECT_EQ(words_of(Direction::kInstall, settings_),
              expected({"nginx", "masquerade", "install"}, {"--pid-file", "/run/other.pid", "--nginx-config", "/srv/nginx.conf"}));
    settings_.now = false;
    EXPECT_EQ(words_of(Direction::kUninstall, settings_), expected({"nginx", "masquerade", "uninstall"}, {"--pid-file", "/run/other.pid", "--no-now"}));
}

}  // namespace
}  // namespace bext::masquerade
