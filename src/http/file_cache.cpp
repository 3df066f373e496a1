#include "http/file_cache.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/pulse.h"

namespace bext::http {
namespace {

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

void take_facts(File& file, const struct stat& found) {
    file.is_file = S_ISREG(found.st_mode);
    file.is_directory = S_ISDIR(found.st_mode);
    file.mode = found.st_mode;
    file.dev = found.st_dev;
    file.ino = found.st_ino;
    file.size = found.st_size;
    file.modified = found.st_mtim;
    file.changed = found.st_ctim;
}

bool has_facts(const File& file, const struct stat& found) {
    return file.dev == found.st_dev && file.ino == found.st_ino && file.size == found.st_size &&
           file.mode == found.st_mode && same(file.modified, found.st_mtim) && same(file.changed, found.st_ctim);
}

/// Reads the whole file of the known size; false when it turned out to have another one.
bool read_all(int fd, off_t size, std::string& content) {
    content.resize(static_cast<std::size_t>(size) + 1);  // one more, to see a file that grew
    std::size_t have = 0;
    while (have < content.size()) {
        auto n = pread(fd, content.data() + have, content.size() - have, static_cast<off_t>(have));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        have += static_cast<std::size_t>(n);
    }
    content.resize(have);
    return have == static_cast<std::size_t>(size);
}

/// Errors that a path has until something on it changes; others, such as EMFILE, are no property of the path.
bool lasting(int error) { return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP; }

std::size_t share_of_descriptors() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
    return std::max<std::size_t>(limit.rlim_cur / 4, 16);
}

}  // namespace

struct FileCache::Entry {
    explicit Entry(std::string_view name) : path(name), subscription(this) {}

    std::string path;
    FileRef file;
    PathWatch::Subscription subscription;
    std::uint64_t checked_ms = 0;
    std::size_t slot = 0;
    bool trusted = false;  // every change will be reported
    bool used = false;
};

FileCache::FileCache(Limits limits) : limits_(limits), watch_(limits.inotify) {
    if (limits_.open_files == 0) limits_.open_files = share_of_descriptors();
}

FileCache::~FileCache() = default;

FileRef FileCache::open(std::string_view path, std::uint64_t now_ms) {
    auto found = entries_.find(path);
    if (found == entries_.end()) return load(path, now_ms);
    auto& entry = *found->second;
    entry.used = true;
    if (entry.trusted && now_ms - entry.checked_ms < kCheckAfter) {
        ++counters_.hits;
        return entry.file;
    }
    if (still_true(entry)) {
        entry.checked_ms = now_ms;
        return entry.file;
    }
    drop(entry);
    return load(path, now_ms);
}

void FileCache::drain() {
    for (auto* changed : watch_.drain()) drop(*static_cast<Entry*>(changed->owner()));
}

void FileCache::clear() {
    while (!ring_.empty()) drop(*ring_.back());
}

FileRef FileCache::load(std::string_view path, std::uint64_t now_ms) {
    Blocking mark("open", path);
    auto entry = std::make_unique<Entry>(path);
    PathWatch::End end;
    bool followed = watch_.follow(path, entry->subscription, end);
    auto file = read(entry->path.c_str(), followed);
    // The path was followed once for the watches and once more by the kernel; when something was swapped in between,
    // the answer is right but the watches are those of another file.
    entry->trusted = followed && (file->ino == end.ino && file->dev == end.dev);
    bool keepable = file->error ? entry->trusted && lasting(file->error) : file->is_file || file->is_directory;
    if (followed && !entry->trusted) keepable = false;
    if (!keepable) return file;
    entry->file = file;
    entry->checked_ms = now_ms;
    keep(std::move(entry));
    return file;
}

FileRef FileCache::read(const char* path, bool reported) {
    ++counters_.opened;
    auto* file = new File;
    FileRef result(file);
    struct stat found{};
    Fd fd(open_fd(path));
    if (!fd) {
        file->error = errno;
        if (file->error == EACCES && stat(path, &found) == 0) take_facts(*file, found);
        return result;
    }
    if (fstat(fd.get(), &found) != 0) {
        file->error = errno;
        return result;
    }
    take_facts(*file, found);
    if (!file->is_file) return result;
    if (reported && file->size <= kSmall && read_all(fd.get(), file->size, file->content)) {
        file->has_content = fstat(fd.get(), &found) == 0 && has_facts(*file, found);
        if (file->has_content) return result;
    }
    file->content = std::string();
    file->fd = std::move(fd);
    return result;
}

/// Without O_NONBLOCK a FIFO would stop the thread. Out of descriptors, the cache gives some of its own.
int FileCache::open_fd(const char* path) {
    int fd = ::open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 || (errno != EMFILE && errno != ENFILE) || open_files_ == 0) return fd;
    for (auto few = open_files_ / 2; open_files_ > few;) evict_one();
    return ::open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/// The content is compared too: a write to a page that is mapped and already dirty does not even change the times.
bool FileCache::still_true(const Entry& entry) {
    ++counters_.checked;
    Blocking mark("stat", entry.path);
    const auto& file = *entry.file;
    const char* path = entry.path.c_str();
    struct stat found{};
    if (!file.error && !file.has_content) return stat(path, &found) == 0 && has_facts(file, found);
    Fd fd(::open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (file.error) return !fd && errno == file.error;
    std::string content;
    return fd && fstat(fd.get(), &found) == 0 && has_facts(file, found) && read_all(fd.get(), file.size, content) &&
           content == file.content;
}

void FileCache::keep(std::unique_ptr<Entry> entry) {
    content_bytes_ += entry->file->content.size();
    open_files_ += entry->file->fd ? 1 : 0;
    entry->slot = ring_.size();
    ring_.push_back(entry.get());
    std::string_view path = entry->path;
    entries_.emplace(path, std::move(entry));
    while (over_limit()) evict_one();
}

void FileCache::drop(Entry& entry) {
    ++counters_.dropped;
    content_bytes_ -= entry.file->content.size();
    open_files_ -= entry.file->fd ? 1 : 0;
    ring_[entry.slot] = ring_.back();
    ring_[entry.slot]->slot = entry.slot;
    ring_.pop_back();
    entries_.erase(entries_.find(entry.path));
}

void FileCache::evict_one() {
    while (true) {
        if (hand_ >= ring_.size()) hand_ = 0;
        auto& entry = *ring_[hand_];
        if (!std::exchange(entry.used, false)) return drop(entry);
        ++hand_;
    }
}

bool FileCache::over_limit() const {
    return ring_.size() > limits_.entries || content_bytes_ > limits_.content_bytes || open_files_ > limits_.open_files;
}

}  // namespace bext::http
