// FileCache: the open files of one event-loop thread. A hot file costs no system call; a changed one is never served.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "http/path_watch.h"

namespace bext::http {

/// An opened file, or the reason why it could not be opened. What the file was when it was opened does not change.
struct File {
    /// Open for reading; none when `has_content`, and none for what is not a regular file.
    Fd fd;
    /// errno of the failed open, else 0. After EACCES the facts below are still those of stat(), when it succeeded.
    int error = 0;
    bool is_file = false;
    bool is_directory = false;
    mode_t mode = 0;
    dev_t dev = 0;
    ino_t ino = 0;
    off_t size = 0;
    timespec modified{};
    timespec changed{};
    /// The whole file, when it is small and every change of it is reported.
    bool has_content = false;
    std::string content;

    /// For the caller's precomputed headers, which live as long as these facts are true.
    mutable std::string etag;
    mutable std::string last_modified;

private:
    friend class FileRef;
    mutable std::uint32_t references_ = 0;
};

/// Shares a File within one thread.
class FileRef {
public:
    FileRef() = default;
    explicit FileRef(const File* file) : file_(file) {
        if (file_) ++file_->references_;
    }
    FileRef(const FileRef& other) : FileRef(other.file_) {}
    FileRef(FileRef&& other) noexcept : file_(std::exchange(other.file_, nullptr)) {}
    FileRef& operator=(FileRef other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    ~FileRef() {
        if (file_ && --file_->references_ == 0) delete file_;
    }

    const File* operator->() const { return file_; }
    const File& operator*() const { return *file_; }
    const File* get() const { return file_; }
    explicit operator bool() const { return file_ != nullptr; }

private:
    const File* file_ = nullptr;
};

/// The cache of one thread; no locks.
///
/// Why nothing stale is served. Whoever has finished a change and then sends a request expects to see the change. The
/// kernel queues the inotify event before the changing system call returns, so before the request is sent, so before
/// it is read. When drain() runs after a request was read and before open() is asked for it, the event is seen in time.
/// The watches are in place before a file is opened and read, so a change that is missed by the opening is queued.
/// What inotify does not report (writes through a mapping, mounts) is found by a check once an entry is a second old;
/// where it cannot be relied on at all, every open() checks.
class FileCache {
public:
    struct Limits {
        std::size_t entries = 4096;
        std::size_t content_bytes = 16 << 20;
        std::size_t open_files = 0;  // 0: a quarter of RLIMIT_NOFILE
        bool inotify = true;
    };
    struct Counters {
        std::uint64_t hits = 0;
        std::uint64_t opened = 0;
        std::uint64_t checked = 0;
        std::uint64_t dropped = 0;
    };

    /// Files of at most this many bytes are kept in memory.
    static constexpr off_t kSmall = 16384;
    /// Age in milliseconds at which an entry is checked although nothing was reported.
    static constexpr std::uint64_t kCheckAfter = 1000;

    explicit FileCache(Limits limits);
    FileCache() : FileCache(Limits{}) {}
    ~FileCache();

    /// What is at `path` now; `path` is followed by a NUL. `now_ms` is any monotonic clock. Never null.
    FileRef open(std::string_view path, std::uint64_t now_ms);

    /// The inotify descriptor for the loop, -1 when there is none.
    int event_fd() const { return watch_.fd(); }

    /// Forgets what was reported as changed. Call it between reading a request and open().
    void drain();

    /// Forgets everything.
    void clear();

    std::size_t size() const { return ring_.size(); }
    std::size_t content_bytes() const { return content_bytes_; }
    std::size_t watches() const { return watch_.size(); }
    const Counters& counters() const { return counters_; }

private:
    struct Entry;

    FileRef load(std::string_view path, std::uint64_t now_ms);
    bool still_true(const Entry& entry);
    FileRef read(const char* path, bool reported);
    int open_fd(const char* path);
    void keep(std::unique_ptr<Entry> entry);
    void drop(Entry& entry);
    void evict_one();
    bool over_limit() const;

    Limits limits_;
    PathWatch watch_;  // outlives the entries' subscriptions
    std::unordered_map<std::string_view, std::unique_ptr<Entry>> entries_;
    std::vector<Entry*> ring_;  // the clock: what was used since the hand passed stays
    std::size_t hand_ = 0;
    std::size_t content_bytes_ = 0;
    std::size_t open_files_ = 0;
    Counters counters_;
};

}  // namespace bext::http
