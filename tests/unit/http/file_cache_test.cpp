// FileCache: every way in which a file can change is seen by the next open() after drain().
#include "http/file_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bext::http {
namespace {

namespace fs = std::filesystem;

class FileCacheTest : public testing::Test {
protected:
    FileCacheTest() {
        root_ = testing::TempDir() + "file_cache_XXXXXX";
        mkdtemp(root_.data());
        make_dir("a/b/c");
        write("a/b/c/f", "first");
    }
    ~FileCacheTest() override { fs::remove_all(root_); }

    std::string at(const std::string& name) const { return root_ + "/" + name; }
    void make_dir(const std::string& name) const { fs::create_directories(at(name)); }
    void write(const std::string& name, const std::string& text) const { std::ofstream(at(name)) << text; }
    void move(const std::string& from, const std::string& to) const { fs::rename(at(from), at(to)); }

    /// What a request that arrives now would be answered: the text, "dir", or "error N".
    std::string get(const std::string& name) {
        cache_.drain();
        auto file = cache_.open(at(name), now_);
        if (file->error) return "error " + std::to_string(file->error);
        if (file->is_directory) return "dir";
        if (file->has_content) return file->content;
        std::string text(static_cast<std::size_t>(file->size), '\0');
        if (pread(file->fd.get(), text.data(), text.size(), 0) != file->size) return "short";
        return text;
    }
    static std::string no(int error) { return "error " + std::to_string(error); }

    /// Proves that `name` is answered from memory now, so that a test of a change tests the cache.
    void expect_hit(const std::string& name) {
        auto before = cache_.counters();
        get(name);
        EXPECT_EQ(cache_.counters().hits, before.hits + 1);
        EXPECT_EQ(cache_.counters().opened, before.opened);
    }
    void warm(const std::string& name) {
        get(name);
        expect_hit(name);
    }

    std::string root_;
    std::uint64_t now_ = 1'000'000;
    FileCache cache_;
};

TEST_F(FileCacheTest, HotFileIsAnsweredFromMemory) {
    EXPECT_EQ(get("a/b/c/f"), "first");
    for (int i = 0; i < 100; ++i) expect_hit("a/b/c/f");
    auto file = cache_.open(at("a/b/c/f"), now_);
    file->etag = "\"x\"";
    EXPECT_EQ(cache_.open(at("a/b/c/f"), now_)->etag, "\"x\"");
    EXPECT_FALSE(file->fd);
    EXPECT_TRUE(file->is_file);
    EXPECT_EQ(file->size, 5);
}

TEST_F(FileCacheTest, SeesOverwrite) {
    warm("a/b/c/f");
    write("a/b/c/f", "other");
    EXPECT_EQ(get("a/b/c/f"), "other");
}

TEST_F(FileCacheTest, SeesWriteInPlaceOfTheSameSizeWithOldTimes) {
    warm("a/b/c/f");
    struct stat before{};
    ASSERT_EQ(stat(at("a/b/c/f").c_str(), &before), 0);
    int fd = open(at("a/b/c/f").c_str(), O_WRONLY);
    ASSERT_EQ(pwrite(fd, "FIRST", 5, 0), 5);
    timespec times[2] = {before.st_atim, before.st_mtim};
    ASSERT_EQ(futimens(fd, times), 0);
    EXPECT_EQ(get("a/b/c/f"), "FIRST");  // the writer has not even closed it
    close(fd);
    EXPECT_EQ(get("a/b/c/f"), "FIRST");
}

TEST_F(FileCacheTest, SeesAppendAndTruncation) {
    warm("a/b/c/f");
    std::ofstream(at("a/b/c/f"), std::ios::app) << "+";
    EXPECT_EQ(get("a/b/c/f"), "first+");
    warm("a/b/c/f");
    ASSERT_EQ(truncate(at("a/b/c/f").c_str(), 2), 0);
    EXPECT_EQ(get("a/b/c/f"), "fi");
}

TEST_F(FileCacheTest, SeesRenameOver) {
    warm("a/b/c/f");
    write("a/new", "second");
    move("a/new", "a/b/c/f");
    EXPECT_EQ(get("a/b/c/f"), "second");
}

TEST_F(FileCacheTest, SeesDeletionAndReturn) {
    warm("a/b/c/f");
    fs::remove(at("a/b/c/f"));
    EXPECT_EQ(get("a/b/c/f"), no(ENOENT));
    expect_hit("a/b/c/f");
    write("a/b/c/f", "back");
    EXPECT_EQ(get("a/b/c/f"), "back");
}

TEST_F(FileCacheTest, SeesAnyParentMoveAway) {
    for (std::string parent : {"a/b/c", "a/b", "a"}) {
        warm("a/b/c/f");
        move(parent, "elsewhere");
        EXPECT_EQ(get("a/b/c/f"), no(ENOENT)) << parent;
        warm("a/b/c/f");
        move("elsewhere", parent);
        EXPECT_EQ(get("a/b/c/f"), "first") << parent;
    }
}

TEST_F(FileCacheTest, SeesParentReplacedByAnotherTree) {
    make_dir("x/b/c");
    write("x/b/c/f", "other tree");
    warm("a/b/c/f");
    move("a", "y");
    move("x", "a");
    EXPECT_EQ(get("a/b/c/f"), "other tree");
    write("a/b/c/f", "changed there");
    EXPECT_EQ(get("a/b/c/f"), "changed there");
}

TEST_F(FileCacheTest, SeesSymlinkSwitch) {
    make_dir("r1");
    make_dir("r2");
    write("r1/f", "release 1");
    write("r2/f", "release 2");
    for (bool absolute : {false, true}) {
        auto target = [&](const std::string& name) { return absolute ? at(name) : name; };
        fs::create_symlink(target("r1"), at("current"));
        EXPECT_EQ(get("current/f"), "release 1");
        warm("current/f");
        fs::create_symlink(target("r2"), at("next"));
        move("next", "current");
        EXPECT_EQ(get("current/f"), "release 2");
        warm("current/f");
        write("r2/f", "release 2b");
        EXPECT_EQ(get("current/f"), "release 2b");
        fs::remove(at("current"));
        EXPECT_EQ(get("current/f"), no(ENOENT));
        write("r2/f", "release 2");
    }
}

TEST_F(FileCacheTest, SeesChangeBehindChainOfLinksWithDots) {
    make_dir("links");
    fs::create_symlink("../a/./b/../b/c", at("links/one"));
    fs::create_symlink("links/one", at("two"));
    EXPECT_EQ(get("two/f"), "first");
    warm("two/f");
    move("a/b", "a/old");
    EXPECT_EQ(get("two/f"), no(ENOENT));
    move("a/old", "a/b");
    EXPECT_EQ(get("two/f"), "first");
    warm("two/f");
    fs::remove(at("links/one"));
    EXPECT_EQ(get("two/f"), no(ENOENT));
}

TEST_F(FileCacheTest, SeesChangeThroughHardLink) {
    fs::create_hard_link(at("a/b/c/f"), at("other"));
    warm("a/b/c/f");
    warm("other");
    write("other", "through the other name");
    EXPECT_EQ(get("a/b/c/f"), "through the other name");
    EXPECT_EQ(get("other"), "through the other name");
}

TEST_F(FileCacheTest, SeesChangeOfMode) {
    warm("a/b/c/f");
    ASSERT_EQ(chmod(at("a/b/c/f").c_str(), 0600), 0);
    cache_.drain();
    EXPECT_EQ(cache_.open(at("a/b/c/f"), now_)->mode & 0777, 0600u);
    warm("a/b/c/f");
    auto opened = cache_.counters().opened;
    ASSERT_EQ(chmod(at("a").c_str(), 0700), 0);  // a parent's mode may decide whether the file can be reached
    EXPECT_EQ(get("a/b/c/f"), "first");
    EXPECT_EQ(cache_.counters().opened, opened + 1);
}

TEST_F(FileCacheTest, NegativeEntryOfDeepPathSeesEachStep) {
    warm("x/y/z");
    EXPECT_EQ(get("x/y/z"), no(ENOENT));
    make_dir("x");
    EXPECT_EQ(get("x/y/z"), no(ENOENT));
    expect_hit("x/y/z");
    make_dir("x/y");
    write("x/y/z", "here");
    EXPECT_EQ(get("x/y/z"), "here");
}

TEST_F(FileCacheTest, NotADirectoryBecomesOne) {
    EXPECT_EQ(get("a/b/c/f/g"), no(ENOTDIR));
    expect_hit("a/b/c/f/g");
    fs::remove(at("a/b/c/f"));
    make_dir("a/b/c/f");
    write("a/b/c/f/g", "deep");
    EXPECT_EQ(get("a/b/c/f/g"), "deep");
}

TEST_F(FileCacheTest, DirectoryBecomesFile) {
    EXPECT_EQ(get("a/b"), "dir");
    expect_hit("a/b");
    move("a/b", "a/old");
    write("a/b", "now a file");
    EXPECT_EQ(get("a/b"), "now a file");
}

TEST_F(FileCacheTest, BusyNeighboursDropNothing) {
    warm("a/b/c/f");
    for (int i = 0; i < 50; ++i) write("a/b/c/n" + std::to_string(i), "x");
    expect_hit("a/b/c/f");
}

TEST_F(FileCacheTest, LargeFileIsKeptOpenNotRead) {
    std::string large(FileCache::kSmall + 1, 'L');
    write("large", large);
    EXPECT_EQ(get("large"), large);
    auto file = cache_.open(at("large"), now_);
    EXPECT_TRUE(file->fd);
    EXPECT_FALSE(file->has_content);
    write("large", "small now");
    EXPECT_EQ(get("large"), "small now");
    EXPECT_EQ(file->size, FileCache::kSmall + 1);  // the reader of before keeps what it has
}

TEST_F(FileCacheTest, WriteThroughMappingIsSeenWithinASecond) {
    int fd = open(at("a/b/c/f").c_str(), O_RDWR);
    void* map = mmap(nullptr, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ASSERT_NE(map, MAP_FAILED);
    static_cast<char*>(map)[0] = 'F';  // dirties the page: later writes do not touch the times
    warm("a/b/c/f");
    static_cast<char*>(map)[1] = 'I';
    now_ += FileCache::kCheckAfter;
    EXPECT_EQ(get("a/b/c/f"), "FIrst");
    munmap(map, 5);
    close(fd);
}

TEST_F(FileCacheTest, OldEntryIsCheckedOnceASecond) {
    warm("a/b/c/f");
    now_ += FileCache::kCheckAfter;
    auto before = cache_.counters();
    get("a/b/c/f");
    get("a/b/c/f");
    EXPECT_EQ(cache_.counters().checked, before.checked + 1);
    EXPECT_EQ(cache_.counters().opened, before.opened);
}

TEST_F(FileCacheTest, OverflowOfTheQueueForgetsEverything) {
    warm("a/b/c/f");
    std::ifstream limit("/proc/sys/fs/inotify/max_queued_events");
    long events = 0;
    limit >> events;
    if (events > 100'000) GTEST_SKIP() << "the queue is too long to fill";
    for (long i = 0; i <= events / 2; ++i) {
        close(open(at("a/n").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        unlink(at("a/n").c_str());
    }
    write("a/b/c/f", "lost event");
    EXPECT_EQ(get("a/b/c/f"), "lost event");
}

TEST_F(FileCacheTest, EvictsWhatWasNotUsed) {
    cache_.~FileCache();
    new (&cache_) FileCache({.entries = 10});
    for (int i = 0; i < 100; ++i) {
        write("n" + std::to_string(i), std::to_string(i));
        get("n" + std::to_string(i));
        get("a/b/c/f");
    }
    EXPECT_EQ(cache_.size(), 10u);
    expect_hit("a/b/c/f");
    auto watches = cache_.watches();
    EXPECT_LE(watches, 10u + 20);  // the files, and the directories on the way
    cache_.clear();
    EXPECT_EQ(cache_.watches(), 0u);
    EXPECT_EQ(cache_.content_bytes(), 0u);
}

TEST_F(FileCacheTest, EvictsByContentAndByDescriptors) {
    cache_.~FileCache();
    new (&cache_) FileCache({.content_bytes = 40'000, .open_files = 3});
    for (int i = 0; i < 10; ++i) {
        write("s" + std::to_string(i), std::string(10'000, 's'));
        write("l" + std::to_string(i), std::string(20'000, 'l'));
        get("s" + std::to_string(i));
        get("l" + std::to_string(i));
        EXPECT_LE(cache_.content_bytes(), 40'000u);
    }
    EXPECT_LE(cache_.size(), 7u);
}

TEST_F(FileCacheTest, EvictedFileLivesWhileItIsUsed) {
    auto file = cache_.open(at("a/b/c/f"), now_);
    cache_.clear();
    EXPECT_EQ(file->content, "first");
}

TEST_F(FileCacheTest, GivesDescriptorsBackWhenThereAreNone) {
    for (int i = 0; i < 8; ++i) {
        write("l" + std::to_string(i), std::string(20'000, 'l'));
        get("l" + std::to_string(i));
    }
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    int next = dup(0);
    rlimit none{static_cast<rlim_t>(next), before.rlim_max};
    close(next);
    setrlimit(RLIMIT_NOFILE, &none);
    auto text = get("a/b/c/f");
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(text, "first");
}

TEST_F(FileCacheTest, WithoutInotifyEveryOpenIsChecked) {
    cache_.~FileCache();
    new (&cache_) FileCache({.inotify = false});
    EXPECT_EQ(cache_.event_fd(), -1);
    EXPECT_EQ(get("a/b/c/f"), "first");
    auto opened = cache_.counters().opened;
    EXPECT_EQ(get("a/b/c/f"), "first");
    EXPECT_EQ(cache_.counters().opened, opened);
    EXPECT_EQ(cache_.counters().checked, 1u);
    EXPECT_EQ(cache_.counters().hits, 0u);
    EXPECT_FALSE(cache_.open(at("a/b/c/f"), now_)->has_content);
    write("a/b/c/f", "FIRST");
    EXPECT_EQ(get("a/b/c/f"), "FIRST");
    write("a/new", "second");
    move("a/new", "a/b/c/f");
    EXPECT_EQ(get("a/b/c/f"), "second");
    fs::remove(at("a/b/c/f"));
    EXPECT_EQ(get("a/b/c/f"), no(ENOENT));
    write("a/b/c/f", "back");
    EXPECT_EQ(get("a/b/c/f"), "back");
}

TEST_F(FileCacheTest, FileSystemWithoutEventsIsNotTrusted) {
    auto open_comm = [this] { return cache_.open("/proc/self/comm", now_); };
    ASSERT_TRUE(open_comm());
    ASSERT_TRUE(open_comm());
    EXPECT_EQ(cache_.counters().hits, 0u);
}

TEST_F(FileCacheTest, UnreadableFileKeepsItsFacts) {
    fs::permissions(root_, fs::perms::all);
    chmod(at("a/b/c/f").c_str(), 0);
    if (getuid() == 0) {
        ASSERT_EQ(seteuid(65534), 0);
    }
    auto file = cache_.open(at("a/b/c/f"), now_);
    if (getuid() == 0) {
        ASSERT_EQ(seteuid(0), 0);
    }
    EXPECT_EQ(file->error, EACCES);
    EXPECT_TRUE(file->is_file);
    EXPECT_EQ(file->size, 5);
    chmod(at("a/b/c/f").c_str(), 0644);
    EXPECT_EQ(get("a/b/c/f"), "first");
}

TEST_F(FileCacheTest, SpecialFileBlocksNobodyAndIsNotKept) {
    ASSERT_EQ(mkfifo(at("fifo").c_str(), 0600), 0);
    auto file = cache_.open(at("fifo"), now_);
    EXPECT_FALSE(file->is_file);
    EXPECT_FALSE(file->is_directory);
    EXPECT_EQ(cache_.size(), 0u);
}

TEST_F(FileCacheTest, RelativePathIsNotKept) {
    EXPECT_EQ(cache_.open("not-there", now_)->error, ENOENT);
    EXPECT_EQ(cache_.size(), 0u);
}

}  // namespace
}  // namespace bext::http
