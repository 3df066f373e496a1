// PathWatch: says which paths may lead somewhere else by now. It watches, with inotify(7), every directory a path goes
// through, every symbolic link in it, and the file at its end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fd.h"
#include "base/text.h"

struct inotify_event;
struct stat;

namespace bext::http {

class PathWatch {
public:
    class Subscription;

    /// What the path led to while it was followed; both zero when it led nowhere.
    struct End {
        dev_t dev = 0;
        ino_t ino = 0;
    };

    /// `enabled` false makes a watch that never vouches for a path.
    explicit PathWatch(bool enabled = true);
    ~PathWatch();
    PathWatch(const PathWatch&) = delete;
    PathWatch& operator=(const PathWatch&) = delete;

    /// The descriptor that becomes readable when something changed, -1 when inotify is not available.
    int fd() const { return fd_.get(); }

    /// Subscribes to every change that can make the absolute `path` lead to something else, or change the file there.
    /// False, and nothing is subscribed, where the kernel does not report all of them.
    bool follow(std::string_view path, Subscription& subscription, End& end);

    /// Reads the queued events; returns the subscriptions they concern, valid until the next call.
    const std::vector<Subscription*>& drain();

    /// Number of inodes watched.
    std::size_t size() const { return watches_.size(); }

private:
    struct Watch;
    struct Topic;
    struct Link;
    struct Walk;

    Watch* watch_directory(const std::string& path, const struct stat* found);
    Watch* watch_inode(const std::string& path, const struct stat* found, std::uint32_t mask);
    Watch* add(const std::string& path, const struct stat* found, std::uint32_t mask);
    bool walk(Walk& walk);
    bool step(Walk& walk, const std::string& name);
    void handle(const inotify_event& event);
    void mark(Topic& topic);
    void mark_all();
    void release(Topic& topic);
    void forget(Watch& watch);

    Fd fd_;
    std::unordered_map<int, std::unique_ptr<Watch>> watches_;
    std::unordered_map<std::string, Watch*, TextHash, std::equal_to<>> paths_;
    std::vector<Subscription*> changed_;
};

/// A place in the list of everybody who depends on a name in a directory; left when it is destroyed.
class PathWatch::Subscription {
public:
    explicit Subscription(void* owner);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    void* owner() const { return owner_; }
    void clear();

private:
    friend class PathWatch;
    void subscribe(PathWatch& to, const std::vector<Topic*>& topics);

    void* owner_;
    PathWatch* watch_ = nullptr;
    std::unique_ptr<Link[]> links_;
    std::size_t count_ = 0;
    bool stale_ = false;
};

}  // namespace bext::http
