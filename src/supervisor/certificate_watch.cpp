#include "supervisor/certificate_watch.h"

#include <limits.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace bext::supervisor {
namespace {

constexpr int kMostLinks = 40;  // as the kernel follows
constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

void CertificateWatch::begin(const std::vector<std::string>& paths) {
    names_.clear();
    inotify_ = Fd();
    if (paths.empty()) return done();
    inotify_ = Fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify_) return;
    for (auto& path : paths) follow(path);
}

/// Every directory on the way to the file, for the name that the way takes in it: any of them may be replaced, or go and come back.
void CertificateWatch::follow(std::string path) {
    int links = 0;
    for (std::size_t end = path.find('/', 1); links <= kMostLinks; end = path.find('/', end + 1)) {
        auto part = path.substr(0, end);
        auto slash = part.rfind('/');
        if (slash == std::string::npos) return;
        auto directory = part.substr(0, slash + 1), name = part.substr(slash + 1);
        if (!name.empty()) watch(directory, name);
        struct stat facts {};
        if (::lstat(part.c_str(), &facts) != 0) return;  // what is there tells when it comes
        if (S_ISLNK(facts.st_mode)) {
            char target[PATH_MAX];
            auto size = ::readlink(part.c_str(), target, sizeof target);
            if (size <= 0) return;
            std::string to(target, static_cast<std::size_t>(size));
            path = (to[0] == '/' ? to : directory + to) + (end == std::string::npos ? "" : path.substr(end));
            end = 0;
            ++links;
        } else if (end == std::string::npos) {
            return;
        }
    }
}

void CertificateWatch::watch(const std::string& directory, const std::string& name) {
    int number = ::inotify_add_watch(inotify_.get(), directory.c_str(), kEvents);
    if (number >= 0) names_[number].insert(name);
}

void CertificateWatch::hear(std::uint64_t now) {
    alignas(inotify_event) char buffer[8192];
    bool concerns = false;
    for (ssize_t size; (size = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;) {
        for (char* at = buffer; at < buffer + size;) {
            inotify_event event;
            std::memcpy(&event, at, sizeof event);
            auto* name = at + sizeof event;
            auto found = names_.find(event.wd);
            bool whole = event.len == 0 || event.mask & IN_Q_OVERFLOW;  // about the directory itself, or nobody knows what
            concerns = concerns || whole || (found != names_.end() && found->second.contains(std::string(name, ::strnlen(name, event.len))));
            at += sizeof event + event.len;
        }
    }
    if (!concerns) return;
    if (!first_) first_ = now;
    due_ = std::min(now + kQuiet, first_ + kLongest);
}

}  // namespace bext::supervisor
