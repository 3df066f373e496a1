#include "takeover/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/fd.h"

namespace bext::takeover {
namespace {

bool pretended_full = false;

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

Result<> write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        auto size = write(fd, text.data(), text.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return Error::from_errno("write() to \"" + path + "\"");
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return {};
}

/// Every directory that had to be made is itself an entry that must last.
Result<> make_directory(const std::string& path) {
    if (exists(path)) return {};
    auto parent = directory_of(path.substr(0, path.size() - 1));
    if (auto made = make_directory(parent); !made) return made;
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return Error::from_errno("mkdir() \"" + path + "\"");
    return sync_directory(parent);
}

}  // namespace

void pretend_full() { pretended_full = true; }

Result<> room_for(const std::string& path) {
    if (!pretended_full || path.starts_with("/run/")) return {};
    return Error::from_errno("write() to \"" + path + "\"", ENOSPC);
}

Result<> sync_directory(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return Error::from_errno("open() \"" + path + "\"");
    if (fsync(fd.get()) != 0) return Error::from_errno("fsync() \"" + path + "\"");
    return {};
}

Result<> write_durably(const std::string& path, std::string_view text) {
    auto directory = directory_of(path), fresh = path + ".new";
    if (auto made = make_directory(directory); !made) return made;
    Fd fd(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!fd) return Error::from_errno("open() \"" + fresh + "\"");
    auto written = room_for(fresh);
    if (written) written = write_all(fd.get(), text, fresh);
    if (written && fsync(fd.get()) != 0) written = Error::from_errno("fsync() \"" + fresh + "\"");
    if (written && rename(fresh.c_str(), path.c_str()) != 0) written = Error::from_errno("rename() \"" + fresh + "\"");
    if (!written) {
        unlink(fresh.c_str());
        return written;
    }
    return sync_directory(directory);
}

Result<> remove_durably(const std::string& path) {
    if (unlink(path.c_str()) == 0) return sync_directory(directory_of(path));
    if (errno == ENOENT || errno == ENOTDIR) return {};
    return Error::from_errno("unlink() \"" + path + "\"");
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::string read_small(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace bext::takeover
