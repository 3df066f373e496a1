#include "http/symlinks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <string>

namespace bext::http {
namespace {

CheckedOpen failed(int error, std::string_view call = "openat()") {
    CheckedOpen out;
    out.error = error;
    out.failed_call = call;
    return out;
}

/// Opens one component below `at`; ELOOP for a link that must not be followed.
CheckedOpen step(int at, const char* name, int flags, bool owners) {
    CheckedOpen out;
    if (!owners) {
        struct stat own;
        if (::fstatat(at, name, &own, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(own.st_mode)) return failed(ELOOP);
        out.fd = Fd(::openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC));
        return out.fd ? std::move(out) : failed(errno);
    }
    out.fd = Fd(::openat(at, name, flags | O_CLOEXEC));
    if (!out.fd) return failed(errno);
    struct stat link, target;
    if (::fstatat(at, name, &link, AT_SYMLINK_NOFOLLOW) != 0) return failed(errno, "fstatat()");
    if (!S_ISLNK(link.st_mode)) return out;
    if (::fstat(out.fd.get(), &target) != 0) return failed(errno, "fstat()");
    return link.st_uid == target.st_uid ? std::move(out) : failed(ELOOP);
}

}  // namespace

CheckedOpen open_checked(std::string_view path, std::size_t free, bool owners) {
    constexpr int kDirectory = O_PATH | O_DIRECTORY;
    if (free >= path.size()) {
        CheckedOpen whole;
        whole.fd = Fd(::open(path.data(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        return whole.fd ? std::move(whole) : failed(errno, "open()");
    }
    std::string start = free ? std::string(path.substr(0, free)) : "/";
    CheckedOpen here;
    here.fd = Fd(::open(start.c_str(), kDirectory | O_CLOEXEC));
    if (!here.fd) return failed(errno, "open()");
    std::size_t begin = free;
    for (;;) {
        while (begin < path.size() && path[begin] == '/') ++begin;
        auto end = path.find('/', begin);
        auto rest = end == std::string_view::npos ? end : path.find_first_not_of('/', end);
        bool last = rest == std::string_view::npos;
        if (begin == path.size()) return here;
        std::string name(path.substr(begin, end == std::string_view::npos ? end : end - begin));
        bool folder = !last || end != std::string_view::npos;
        auto next = step(here.fd.get(), name.c_str(), folder ? kDirectory : O_RDONLY | O_NONBLOCK, owners);
        if (last || next.error) return next;
        here = std::move(next);
        begin = end;
    }
}

}  // namespace bext::http
