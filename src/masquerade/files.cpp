#include "masquerade/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/fd.h"

namespace bext::masquerade {
namespace {

Error failed(const std::string& call, const std::string& path) { return Error::from_errno(call + " \"" + path + "\""); }

Result<> write_new(const std::string& path, std::string_view content, mode_t mode) {
    Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return failed("open()", path);
    while (!content.empty()) {
        auto size = write(fd.get(), content.data(), content.size());
        if (size < 0) return failed("write()", path);
        content.remove_prefix(static_cast<std::size_t>(size));
    }
    if (fchmod(fd.get(), mode) != 0) return failed("fchmod()", path);
    if (fsync(fd.get()) != 0) return failed("fsync()", path);
    return {};
}

}  // namespace

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool exists(const std::string& path) {
    struct stat found {};
    return lstat(path.c_str(), &found) == 0;
}

bool same_file(const std::string& a, const std::string& b) {
    struct stat first {}, second {};
    if (lstat(a.c_str(), &first) != 0 || lstat(b.c_str(), &second) != 0) return false;
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

Result<std::optional<std::string>> read_file(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd && errno == ENOENT) return std::optional<std::string>();
    if (!fd) return failed("open()", path);
    std::string text;
    std::array<char, 65536> bytes;
    ssize_t size;
    while ((size = read(fd.get(), bytes.data(), bytes.size())) > 0) text.append(bytes.data(), static_cast<std::size_t>(size));
    if (size < 0) return failed("read()", path);
    return std::optional<std::string>(std::move(text));
}

Result<> sync_directory(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return failed("open()", path);
    if (fsync(fd.get()) != 0) return failed("fsync()", path);
    return {};
}

Result<> replace_file(const std::string& path, std::string_view content, mode_t mode) {
    auto fresh = path + ".bext-new";
    auto written = write_new(fresh, content, mode);
    if (written) return move_file(fresh, path);
    unlink(fresh.c_str());
    return written;
}

Result<> move_file(const std::string& from, const std::string& to) {
    if (rename(from.c_str(), to.c_str()) != 0) return failed("rename() \"" + from + "\" to", to);
    return sync_directory(directory_of(to));
}

Result<bool> exchange_files(const std::string& a, const std::string& b) {
    if (renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) != 0) {
        if (errno == EINVAL || errno == ENOSYS) return false;
        return failed("renameat2() \"" + a + "\" and", b);
    }
    if (auto synced = sync_directory(directory_of(a)); !synced) return synced.error();
    return true;
}

Result<bool> remove_file(const std::string& path) {
    if (unlink(path.c_str()) != 0) {
        if (errno == ENOENT) return false;
        return failed("unlink()", path);
    }
    if (auto synced = sync_directory(directory_of(path)); !synced) return synced.error();
    return true;
}

Result<> link_file(const std::string& from, const std::string& to) {
    if (same_file(from, to)) return {};  // rename() between two names of one file would leave both
    auto fresh = to + ".bext-new";
    unlink(fresh.c_str());
    if (link(from.c_str(), fresh.c_str()) != 0) return failed("link() \"" + from + "\" to", fresh);
    return move_file(fresh, to);
}

Result<> point_to(const std::string& target, const std::string& path) {
    auto fresh = path + ".bext-new";
    unlink(fresh.c_str());
    if (symlink(target.c_str(), fresh.c_str()) != 0) return failed("symlink()", fresh);
    return move_file(fresh, path);
}

Result<bool> make_directory(const std::string& path) {
    if (mkdir(path.c_str(), 0755) != 0) {
        if (errno == EEXIST) return false;
        return failed("mkdir()", path);
    }
    if (chmod(path.c_str(), 0755) != 0) return failed("chmod()", path);  // whatever the umask is
    if (auto synced = sync_directory(directory_of(path)); !synced) return synced.error();
    return true;
}

Result<> remove_directory(const std::string& path) {
    if (rmdir(path.c_str()) == 0) return sync_directory(directory_of(path));
    if (errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST) return {};
    return failed("rmdir()", path);
}

}  // namespace bext::masquerade
