// FileCache: whatever is done to a small tree, the cache answers as a fresh open() does.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "http/file_cache.h"

namespace bext::http {
namespace {

namespace fs = std::filesystem;

/// In a directory of its own; the links of a tree lead at most one directory above it.
class Tree {
public:
    Tree() : own_(testing::TempDir() + "file_cache_XXXXXX") {
        mkdtemp(own_.data());
        root_ = own_ + "/tree";
        fs::create_directory(root_);
    }
    ~Tree() { fs::remove_all(own_); }

    std::string any() {
        return root_ + "/" + pick({"a", "b", "s", "t"}) + pick({"", "/x", "/y", "/x/f", "/y/f", "/x/y/f"});
    }

    void change() {
        std::error_code ignored;
        auto name = any();
        switch (random_() % 7) {
            case 0: fs::create_directories(name, ignored); break;
            case 1: fs::remove_all(name, ignored); break;
            case 2: fs::rename(name, any(), ignored); break;
            case 3: fs::create_symlink(any(), name, ignored); break;
            case 4: fs::create_symlink(pick({"x", "y", "../a", "../b", ".", "f"}), name, ignored); break;
            default: std::ofstream(name) << ++count_; break;
        }
    }

private:
    std::string pick(std::initializer_list<const char*> names) { return names.begin()[random_() % names.size()]; }

    std::string own_, root_;
    std::mt19937 random_{20261121};
    int count_ = 0;
};

std::string describe(const File& file) {
    if (file.error) return "error " + std::to_string(file.error);
    if (file.is_directory) return "dir";
    if (file.has_content) return file.content;
    std::string text(static_cast<std::size_t>(file.size), '\0');
    return pread(file.fd.get(), text.data(), text.size(), 0) == file.size ? text : "short";
}

TEST(FileCacheRandomTest, AnswersAsAFreshOpenDoes) {
    Tree tree;
    FileCache cache({.entries = 12});
    for (int i = 0; i < 40'000; ++i) {
        if (i % 4 == 0) tree.change();
        auto path = tree.any();
        cache.drain();
        auto cached = describe(*cache.open(path, 0));
        ASSERT_EQ(cached, describe(*FileCache({.inotify = false}).open(path, 0))) << path << " at " << i;
    }
    EXPECT_GT(cache.counters().hits, 1'000u);
}

}  // namespace
}  // namespace bext::http
