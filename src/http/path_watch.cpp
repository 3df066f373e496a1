#include "http/path_watch.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace bext::http {
namespace {

// IN_ATTRIB of a directory also reports its files: that is how a file that may not be read, and so not be watched,
// would be seen to become readable.
constexpr std::uint32_t kDirectoryMask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                         IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW;
// IN_CLOSE_WRITE is more than IN_MODIFY: it also ends a writer that wrote through a mapping.
constexpr std::uint32_t kFileMask =
    IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;
constexpr int kMaxLinks = 40;  // as the kernel

/// File systems whose every change passes through this kernel's own calls and so through inotify. Network and FUSE
/// file systems change behind it, proc and sysfs have no events, and an unknown one gets no trust.
constexpr std::array<std::uint32_t, 16> kLocalFileSystems = {
    0xEF53,      // ext2, ext3, ext4
    0x58465342,  // xfs
    0x9123683E,  // btrfs
    0x01021994,  // tmpfs
    0x858458F6,  // ramfs
    0x2FC12FC1,  // zfs
    0xF2F52010,  // f2fs
    0xCA451A4E,  // bcachefs
    0x794C7630,  // overlay: the files of the mount itself report, whichever layer holds them (Linux 4.19)
    0x73717368,  // squashfs
    0xE0F5E1E2,  // erofs
    0x9660,      // iso9660
    0x4D44,      // vfat
    0x2011BAB0,  // exfat
    0x3153464A,  // jfs
    0x52654973,  // reiserfs
};

bool reports_changes(const std::string& path) {
    struct statfs fs{};
    if (statfs(path.c_str(), &fs) != 0) return false;
    auto type = static_cast<std::uint32_t>(fs.f_type);
    return std::find(kLocalFileSystems.begin(), kLocalFileSystems.end(), type) != kLocalFileSystems.end();
}

}  // namespace

struct PathWatch::Link {
    Link* next = nullptr;
    Link* previous = nullptr;
    Topic* topic = nullptr;
    Subscription* subscription = nullptr;
};

/// A name in a watched directory; the empty name is the watched inode itself.
struct PathWatch::Topic {
    Watch* watch = nullptr;
    const std::string* name = nullptr;
    Link* first = nullptr;
};

struct PathWatch::Watch {
    int descriptor = -1;
    dev_t dev = 0;
    ino_t ino = 0;
    bool reliable = false;
    bool gone = false;  // the kernel has removed it already
    std::vector<std::string> paths;
    std::unordered_map<std::string, Topic, TextHash, std::equal_to<>> topics;

    Topic* topic(const std::string& name) {
        auto [at, fresh] = topics.try_emplace(name);
        if (fresh) at->second = {this, &at->first, nullptr};
        return &at->second;
    }
};

/// The state of following one path: the directory reached, free of links and dots, and what is still to be resolved.
struct PathWatch::Walk {
    std::string at;  // "" is the root
    std::string rest;
    Watch* directory = nullptr;
    std::vector<Topic*> topics;
    End end;
    int links = 0;
    bool ended = false;
};

PathWatch::PathWatch(bool enabled) : fd_(enabled ? inotify_init1(IN_NONBLOCK | IN_CLOEXEC) : -1) {}

PathWatch::~PathWatch() = default;

bool PathWatch::follow(std::string_view path, Subscription& subscription, End& end) {
    if (!fd_ || path.empty() || path.front() != '/') return false;
    Walk state;
    state.rest = path;
    bool reliable = walk(state);
    subscription.subscribe(*this, state.topics);
    if (!reliable) subscription.clear();
    end = state.end;
    return reliable;
}

/// Every directory is watched before it is searched. So a change after the search is in the queue, and whoever is
/// subscribed is told by the next drain(); a watch reached through a name that had changed meanwhile does no harm,
/// because its subscribers have that name among their topics.
bool PathWatch::walk(Walk& walk) {
    walk.directory = watch_directory("/", nullptr);
    if (!walk.directory) return false;
    walk.topics.push_back(walk.directory->topic(""));
    while (!walk.ended) {
        auto start = walk.rest.find_first_not_of('/');
        if (start == std::string::npos) break;
        auto stop = std::min(walk.rest.find('/', start), walk.rest.size());
        std::string name = walk.rest.substr(start, stop - start);
        walk.rest.erase(0, stop);
        if (name == ".") continue;
        if (name == "..") {
            walk.at.erase(std::min(walk.at.rfind('/'), walk.at.size()));
            walk.directory = watch_directory(walk.at.empty() ? "/" : walk.at, nullptr);
            if (!walk.directory) return false;
            walk.topics.push_back(walk.directory->topic(""));
            continue;
        }
        if (!step(walk, name)) return false;
        if (!walk.directory->reliable) return false;
    }
    return walk.directory->reliable;
}

bool PathWatch::step(Walk& walk, const std::string& name) {
    walk.topics.push_back(walk.directory->topic(name));
    std::string path = walk.at + "/" + name;
    struct stat found{};
    walk.end = {};
    if (lstat(path.c_str(), &found) != 0) {
        walk.ended = true;  // what is missing shows up in the directory that is already watched
        return true;
    }
    if (S_ISLNK(found.st_mode)) {
        char target[PATH_MAX];
        auto length = readlink(path.c_str(), target, sizeof target);
        if (length <= 0 || ++walk.links > kMaxLinks) return false;
        walk.rest.insert(0, target, static_cast<std::size_t>(length));
        if (target[0] != '/') return true;
        walk.at.clear();
        walk.directory = watch_directory("/", nullptr);
        return walk.directory != nullptr;
    }
    bool directory = S_ISDIR(found.st_mode);
    auto* watch = directory ? watch_directory(path, &found) : watch_inode(path, &found, kFileMask);
    if (!watch) return false;
    walk.topics.push_back(watch->topic(""));
    walk.end = {found.st_dev, found.st_ino};
    if (!directory) {
        walk.ended = true;
        if (!walk.rest.empty()) walk.end = {};  // "file/more" leads nowhere
        return watch->reliable;
    }
    walk.at = std::move(path);
    walk.directory = watch;
    return true;
}

PathWatch::Watch* PathWatch::watch_directory(const std::string& path, const struct stat* found) {
    return watch_inode(path, found, kDirectoryMask);
}

PathWatch::Watch* PathWatch::watch_inode(const std::string& path, const struct stat* found, std::uint32_t mask) {
    auto at = paths_.find(path);
    if (at == paths_.end()) return add(path, found, mask);
    // A mount over a directory is no event: the path then leads to another inode than the one watched.
    auto* watch = at->second;
    bool same = !found || (watch->dev == found->st_dev && watch->ino == found->st_ino);
    return same && !watch->gone ? watch : add(path, found, mask);
}

PathWatch::Watch* PathWatch::add(const std::string& path, const struct stat* found, std::uint32_t mask) {
    int descriptor = inotify_add_watch(fd_.get(), path.c_str(), mask);
    if (descriptor < 0) return nullptr;  // not readable, or fs.inotify.max_user_watches is reached
    auto& watch = watches_[descriptor];
    if (!watch) {
        watch = std::make_unique<Watch>();
        watch->descriptor = descriptor;
        watch->reliable = reports_changes(path);
    }
    if (found) {
        watch->dev = found->st_dev;
        watch->ino = found->st_ino;
    }
    if (std::find(watch->paths.begin(), watch->paths.end(), path) == watch->paths.end()) watch->paths.push_back(path);
    paths_[path] = watch.get();
    return watch.get();
}

const std::vector<PathWatch::Subscription*>& PathWatch::drain() {
    changed_.clear();
    alignas(inotify_event) char buffer[16384];
    while (fd_) {
        auto length = read(fd_.get(), buffer, sizeof buffer);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) break;
        for (const char* at = buffer; at < buffer + length;) {
            const auto* event = reinterpret_cast<const inotify_event*>(at);
            handle(*event);
            at += sizeof(inotify_event) + event->len;
        }
    }
    return changed_;
}

void PathWatch::handle(const inotify_event& event) {
    if (event.mask & IN_Q_OVERFLOW) return mark_all();
    auto found = watches_.find(event.wd);
    if (found == watches_.end()) return;
    auto& watch = *found->second;
    if (event.mask & IN_IGNORED) watch.gone = true;
    std::string_view name = event.len ? std::string_view(event.name) : std::string_view();
    auto topic = watch.topics.find(name);
    if (topic != watch.topics.end()) mark(topic->second);
}

void PathWatch::mark(Topic& topic) {
    for (auto* link = topic.first; link; link = link->next) {
        if (link->subscription->stale_) continue;
        link->subscription->stale_ = true;
        changed_.push_back(link->subscription);
    }
}

void PathWatch::mark_all() {
    for (auto& [descriptor, watch] : watches_)
        for (auto& [name, topic] : watch->topics) mark(topic);
}

void PathWatch::release(Topic& topic) {
    auto& watch = *topic.watch;
    watch.topics.erase(watch.topics.find(*topic.name));
    if (watch.topics.empty()) forget(watch);
}

void PathWatch::forget(Watch& watch) {
    if (!watch.gone) inotify_rm_watch(fd_.get(), watch.descriptor);
    for (const auto& path : watch.paths) {
        auto at = paths_.find(path);
        if (at != paths_.end() && at->second == &watch) paths_.erase(at);
    }
    watches_.erase(watch.descriptor);
}

PathWatch::Subscription::Subscription(void* owner) : owner_(owner) {}

PathWatch::Subscription::~Subscription() { clear(); }

void PathWatch::Subscription::subscribe(PathWatch& to, const std::vector<Topic*>& topics) {
    clear();
    watch_ = &to;
    count_ = topics.size();
    links_ = std::make_unique<Link[]>(count_);
    for (std::size_t i = 0; i < count_; ++i) {
        auto& link = links_[i];
        link = {topics[i]->first, nullptr, topics[i], this};
        if (link.next) link.next->previous = &link;
        topics[i]->first = &link;
    }
}

void PathWatch::Subscription::clear() {
    for (std::size_t i = 0; i < count_; ++i) {
        auto& link = links_[i];
        if (link.next) link.next->previous = link.previous;
        (link.previous ? link.previous->next : link.topic->first) = link.next;
        if (!link.topic->first) watch_->release(*link.topic);
    }
    links_.reset();
    count_ = 0;
    stale_ = false;
}

}  // namespace bext::http
