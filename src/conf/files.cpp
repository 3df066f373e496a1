#include "conf/files.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

namespace bext::conf {
namespace {

int read_whole(const std::string& path, std::string& out) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return errno;
    char buffer[65536];
    for (;;) {
        ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        if (n == 0) return 0;
        out.append(buffer, static_cast<std::size_t>(n));
    }
}

}  // namespace

Result<std::string_view> as_read(const std::string& path, std::string_view bytes, int error) {
    if (error == EISDIR) return Error::from_errno("[crit] pread() \"" + path + "\"", error);
    if (error) return Error::from_errno("open() \"" + path + "\"", error);
    return bytes;
}

Result<std::string_view> DiskFiles::read(const std::string& path) {
    auto [at, fresh] = contents_.try_emplace(path);
    if (fresh) at->second.error = read_whole(path, at->second.bytes);
    return as_read(path, at->second.bytes, at->second.error);
}

Result<std::vector<std::string>> DiskFiles::glob(const std::string& pattern) {
    auto [at, fresh] = globs_.try_emplace(pattern);
    if (!fresh) return at->second;
    glob_t found{};
    int rc = ::glob(pattern.c_str(), 0, nullptr, &found);
    if (rc == 0)
        for (std::size_t i = 0; i < found.gl_pathc; ++i) at->second.emplace_back(found.gl_pathv[i]);
    globfree(&found);
    if (rc != 0 && rc != GLOB_NOMATCH) return Error::from_errno("glob() \"" + pattern + "\"");
    return at->second;
}

std::string absolute_path(std::string_view prefix, std::string_view path) {
    if (!path.empty() && path[0] == '/') return std::string(path);
    return std::string(prefix).append(path);
}

}  // namespace bext::conf
