#include "cli/replace_file.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/fd.h"

namespace bext::cli {
namespace {

Result<> sync_directory_of(const std::string& path) {
    auto directory = path.substr(0, path.rfind('/') + 1);
    Fd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return Error::from_errno("open() \"" + directory + "\"");
    if (fsync(fd.get()) != 0) return Error::from_errno("fsync() \"" + directory + "\"");
    return {};
}

Result<> copy(const std::string& source, const std::string& to, mode_t mode) {
    Fd in(open(source.c_str(), O_RDONLY | O_CLOEXEC));
    if (!in) return Error::from_errno("open() \"" + source + "\"");
    Fd out(open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!out) return Error::from_errno("open() \"" + to + "\"");
    ssize_t size;
    while ((size = sendfile(out.get(), in.get(), nullptr, 1 << 30)) > 0) {
    }
    if (size < 0) return Error::from_errno("sendfile() to \"" + to + "\"");
    if (fchmod(out.get(), mode) != 0) return Error::from_errno("fchmod() \"" + to + "\"");
    if (fsync(out.get()) != 0) return Error::from_errno("fsync() \"" + to + "\"");
    return {};
}

}  // namespace

Result<ReplacedFile> ReplacedFile::put(const std::string& source, const std::string& place) {
    struct stat facts {};
    if (stat(place.c_str(), &facts) != 0) return Error::from_errno("stat() \"" + place + "\"");
    auto fresh = place + ".new", kept = place + ".prev", link_name = place + ".prev.new";
    if (auto copied = copy(source, fresh, facts.st_mode & 07777); !copied) {
        unlink(fresh.c_str());
        return copied.error();
    }
    unlink(link_name.c_str());
    if (link(place.c_str(), link_name.c_str()) != 0) return Error::from_errno("link() \"" + place + "\" to \"" + link_name + "\"");
    if (rename(link_name.c_str(), kept.c_str()) != 0) return Error::from_errno("rename() \"" + link_name + "\" to \"" + kept + "\"");
    if (rename(fresh.c_str(), place.c_str()) != 0) return Error::from_errno("rename() \"" + fresh + "\" to \"" + place + "\"");
    if (auto synced = sync_directory_of(place); !synced) return synced.error();
    return ReplacedFile(place);
}

Result<> ReplacedFile::undo() {
    auto kept = place_ + ".prev";
    if (rename(kept.c_str(), place_.c_str()) != 0) return Error::from_errno("rename() \"" + kept + "\" back to \"" + place_ + "\"");
    return sync_directory_of(place_);
}

}  // namespace bext::cli
