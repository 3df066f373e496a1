#include "takeover/socket_files.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace bext::takeover {

std::vector<std::string> files_of(const std::vector<Fd>& sockets) {
    std::vector<std::string> paths;
    for (auto& socket : sockets) {
        sockaddr_un address{};
        socklen_t size = sizeof address;
        if (getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.sun_family != AF_UNIX) continue;
        paths.emplace_back(address.sun_path, strnlen(address.sun_path, sizeof address.sun_path));
    }
    return paths;
}

Result<> pin(const std::string& path) {
    struct statx facts {};
    if (statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &facts) != 0 || !S_ISSOCK(facts.stx_mode)) return {};
    if (facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) return {};
    if (mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) == 0) return {};
    return Error::from_errno("nginx removes \"" + path + "\" when it stops, which a mount upon it would prevent: mount()");
}

Result<> unpin(const std::string& path) {
    if (umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0 || errno == EINVAL || errno == ENOENT) return {};
    return Error::from_errno("umount() \"" + path + "\"");
}

}  // namespace bext::takeover
