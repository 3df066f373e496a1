// Lines of the log on their way to the journal, which a pipe plays.
#include "base/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>

namespace bext {
namespace {

/// What `body` writes to stderr while that is the journal, or while JOURNAL_STREAM names another stream.
std::string written(bool journal, const std::function<void()>& body) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return "no pipe";
    Fd reader(ends[0]), writer(ends[1]), saved(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10));
    struct stat stream;
    fstat(writer.get(), &stream);
    setenv("JOURNAL_STREAM", (std::to_string(stream.st_dev) + ":" + std::to_string(stream.st_ino + !journal)).c_str(), 1);
    dup2(writer.get(), STDERR_FILENO);
    body();
    dup2(saved.get(), STDERR_FILENO);
    unsetenv("JOURNAL_STREAM");
    char text[4096];
    auto n = read(reader.get(), text, sizeof text);
    return {text, n > 0 ? static_cast<std::size_t>(n) : 0};
}

std::string line_of(bool journal, Level level) {
    return written(journal, [level] {
        Log log;
        log.add(Level::kDebug, log_to_stderr());
        log.write(level, "text");
    });
}

TEST(JournalTest, ALineBeginsWithItsPriority) {
    EXPECT_EQ(line_of(true, Level::kEmerg).substr(0, 3), "<1>");
    EXPECT_EQ(line_of(true, Level::kAlert).substr(0, 3), "<1>");
    EXPECT_EQ(line_of(true, Level::kCrit).substr(0, 3), "<2>");
    EXPECT_EQ(line_of(true, Level::kError).substr(0, 3), "<3>");
    EXPECT_EQ(line_of(true, Level::kWarn).substr(0, 3), "<4>");
    EXPECT_EQ(line_of(true, Level::kNotice).substr(0, 3), "<5>");
    EXPECT_EQ(line_of(true, Level::kInfo).substr(0, 3), "<6>");
    EXPECT_EQ(line_of(true, Level::kDebug).substr(0, 3), "<7>");
}

TEST(JournalTest, TheRestOfTheLineIsTheSame) {
    auto line = line_of(true, Level::kError);
    EXPECT_NE(line.find(" [error] "), std::string::npos) << line;
    EXPECT_TRUE(line.ends_with(": text\n")) << line;
    EXPECT_TRUE(std::isdigit(line[3])) << line;
}

TEST(JournalTest, AnotherStreamHasPlainLines) {
    auto line = line_of(false, Level::kError);
    EXPECT_TRUE(std::isdigit(line[0])) << line;
    EXPECT_TRUE(line.ends_with(": text\n")) << line;
}

TEST(JournalTest, IsKnownWhenTheEnvironmentIsCleared) {
    auto line = written(true, [] {
        find_journal();
        unsetenv("JOURNAL_STREAM");
        Log log;
        log.add(Level::kDebug, log_to_stderr());
        log.write(Level::kWarn, "text");
    });
    EXPECT_EQ(line.substr(0, 3), "<4>");
}

TEST(JournalTest, AFileThatStderrBecomesHasPlainLines) {
    auto line = written(true, [] {
        Log log;
        log.add(Level::kDebug, log_to_stderr());
        Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
        dup2(null.get(), STDERR_FILENO);
        EXPECT_EQ(journal_prefix(Level::kError), "");
    });
    EXPECT_EQ(line, "");
}

}  // namespace
}  // namespace bext
