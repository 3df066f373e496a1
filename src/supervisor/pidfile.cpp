#include "supervisor/pidfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

#include "base/fd.h"

namespace bext::supervisor {
namespace {

std::string own_line() { return std::to_string(getpid()) + "\n"; }

}  // namespace

Result<> write_pid_file(const std::string& path) {
    // Not by rename: under a hardened unit only the file itself, not its directory, may be writable.
    Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!fd) return Error::from_errno("open() \"" + path + "\"");
    auto line = own_line();
    if (pwrite(fd.get(), line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
        return Error::from_errno("write() \"" + path + "\"");
    if (ftruncate(fd.get(), static_cast<off_t>(line.size())) != 0 && errno != EINVAL)
        return Error::from_errno("ftruncate() \"" + path + "\"");
    return {};
}

Result<> remove_pid_file(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd) {
        char text[32];
        auto size = read(fd.get(), text, sizeof text);
        if (size > 0 && std::string_view(text, static_cast<std::size_t>(size)) != own_line()) return {};
    }
    if (unlink(path.c_str()) != 0) return Error::from_errno("unlink() \"" + path + "\"");
    return {};
}

}  // namespace bext::supervisor
