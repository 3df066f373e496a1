// The journal: it survives, whatever of its end was torn off, and refuses phases that do not follow.
#include "takeover/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "takeover/disk.h"
#include "takeover/lock.h"

namespace bext::takeover {
namespace {

namespace fs = std::filesystem;

class TakeoverJournal : public testing::Test {
protected:
    TakeoverJournal() {
        directory_ = testing::TempDir() + "journal_XXXXXX";
        if (!mkdtemp(directory_.data())) ADD_FAILURE() << "mkdtemp";
    }
    ~TakeoverJournal() override { fs::remove_all(directory_); }
    std::string file() const { return directory_ + "/journal"; }
    void write(std::string_view text) const { std::ofstream(file(), std::ios::binary) << text; }

    /// A takeover that has begun to stop nginx.
    void fill() {
        auto journal = Journal::open(directory_);
        ASSERT_TRUE(journal);
        ASSERT_TRUE(journal->begin());
        ASSERT_TRUE(journal->note("nginx", "enabled"));
        ASSERT_TRUE(journal->enter(Phase::kTakingOver, "asked"));
        ASSERT_TRUE(journal->step("stop-nginx", "one\ttab\nand a line"));
    }

    std::string directory_;
};

TEST_F(TakeoverJournal, IsThereAgain) {
    fill();
    auto state = Journal::look(directory_);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->phase, Phase::kTakingOver);
    EXPECT_EQ(state->reason, "asked");
    EXPECT_EQ(state->step, "stop-nginx");
    EXPECT_EQ(state->note("nginx"), "enabled");
    ASSERT_EQ(state->records.size(), 4u);
    EXPECT_EQ(state->records.back().text, "one tab and a line");
}

TEST_F(TakeoverJournal, ATornEndIsNoRecord) {
    fill();
    auto whole = read_small(file());
    std::size_t good = 0;
    auto all = parse_records(whole, good);
    EXPECT_EQ(good, whole.size());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        write(whole.substr(0, size));
        auto journal = Journal::open(directory_);
        ASSERT_TRUE(journal);
        auto kept = journal->state().records.size();
        std::size_t lines = 0;
        for (char c : whole.substr(0, size)) lines += c == '\n';
        EXPECT_EQ(kept, lines) << size;
        // What comes next follows the last good record.
        ASSERT_TRUE(journal->note("after", "x"));
        auto again = Journal::look(directory_);
        ASSERT_TRUE(again);
        EXPECT_EQ(again->records.size(), kept + 1);
    }
}

TEST_F(TakeoverJournal, AChangedByteEndsIt) {
    fill();
    auto whole = read_small(file());
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto bad = whole;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        std::size_t good = 0;
        auto records = parse_records(bad, good);
        std::size_t line = 0;
        for (char c : whole.substr(0, at)) line += c == '\n';
        EXPECT_LE(records.size(), line) << at;
    }
}

TEST_F(TakeoverJournal, RecordsAreNumberedWithoutAGap) {
    auto line = [](std::uint64_t number) { return line_of({number, 1, "note", "name", std::to_string(number)}); };
    auto good_records = [](const std::string& text) {
        std::size_t good = 0;
        auto records = parse_records(text, good);
        EXPECT_LE(good, text.size());
        return records.size();
    };
    EXPECT_EQ(good_records(line(1) + line(2) + line(3)), 3u);
    EXPECT_EQ(good_records(line(1) + line(3)), 1u) << "one is missing";
    EXPECT_EQ(good_records(line(1) + line(1)), 1u) << "one is there twice";
    EXPECT_EQ(good_records(line(2) + line(3)), 0u) << "the first is missing";
    EXPECT_EQ(good_records(line(1) + line(2) + line(1) + line(2)), 2u) << "the end of an older one";
}

TEST_F(TakeoverJournal, ZerosAtTheEndAreNoRecord) {
    fill();
    write(read_small(file()) + std::string(4096, '\0'));
    auto state = Journal::look(directory_);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->records.size(), 4u);
}

TEST_F(TakeoverJournal, APhaseThatDoesNotFollowIsRefused) {
    fill();
    auto journal = Journal::open(directory_);
    ASSERT_TRUE(journal);
    auto before = read_small(file());
    for (auto phase : {Phase::kPreflight, Phase::kTakingOver, Phase::kRollingBack, Phase::kRolledBack})
        EXPECT_FALSE(journal->enter(phase)) << name_of(phase);
    EXPECT_EQ(read_small(file()), before);
    EXPECT_EQ(journal->state().phase, Phase::kTakingOver);
    EXPECT_TRUE(journal->enter(Phase::kActive));
}

TEST_F(TakeoverJournal, ANewTakeoverBeginsInPreflight) {
    fill();
    auto journal = Journal::open(directory_);
    ASSERT_TRUE(journal);
    auto before = read_small(file());
    ASSERT_TRUE(journal->begin());
    EXPECT_EQ(journal->state().phase, Phase::kPreflight);
    EXPECT_EQ(journal->state().note("nginx"), "");
    EXPECT_EQ(read_small(file() + ".1"), before);
}

TEST_F(TakeoverJournal, LookingCreatesNothing) {
    auto state = Journal::look(directory_ + "/none");
    ASSERT_TRUE(state);
    EXPECT_FALSE(state->begun);
    EXPECT_FALSE(exists(directory_ + "/none"));
}

/// Runs `body` in a process of its own, since a process's own locks never stand in its way.
template <class Body>
int in_child(Body body) {
    auto pid = fork();
    if (pid == 0) _exit(body());
    int status = 0;
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

TEST_F(TakeoverJournal, OneProcessHasTheLock) {
    auto path = directory_ + "/lock";
    {
        auto lock = Lock::take(path);
        ASSERT_TRUE(lock);
        EXPECT_EQ(in_child([&] {
                      auto second = Lock::take(path);
                      return !second && second.error().text.find(std::to_string(getppid())) != std::string::npos ? 7 : 1;
                  }), 7);
        EXPECT_EQ(in_child([&] { return holder_of(path) == getppid() ? 7 : 1; }), 7);
    }
    EXPECT_EQ(in_child([&] { return Lock::take(path) ? 7 : 1; }), 7);
}

TEST_F(TakeoverJournal, PackagesAtWorkAreNoticed) {
    fs::create_directories(directory_ + "/var/lib/dpkg");
    std::ofstream(directory_ + "/var/lib/dpkg/lock") << "";
    EXPECT_TRUE(no_packages_at_work(directory_));
    int held[2], seen[2];
    ASSERT_EQ(pipe(held) + pipe(seen), 0);
    auto package_manager = fork();
    if (package_manager == 0) {
        char byte = 0;
        auto lock = Lock::take(directory_ + "/var/lib/dpkg/lock");
        bool free_for_own_script = in_child([&] { return no_packages_at_work(directory_) ? 7 : 1; }) == 7;
        if (::write(held[1], &byte, 1) != 1 || ::read(seen[0], &byte, 1) != 1) _exit(1);
        _exit(lock && free_for_own_script ? 7 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(held[0], &byte, 1), 1);
    auto free = no_packages_at_work(directory_);
    ASSERT_EQ(::write(seen[1], &byte, 1), 1);
    ASSERT_FALSE(free);
    EXPECT_NE(free.error().text.find(std::to_string(package_manager)), std::string::npos);
    int status = 0;
    waitpid(package_manager, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 7) << "who the package manager has started may go on";
}

}  // namespace
}  // namespace bext::takeover
