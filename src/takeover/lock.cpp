#include "takeover/lock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <unistd.h>

#include <cerrno>

#include "base/text.h"
#include "takeover/disk.h"

namespace bext::takeover {
namespace {

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

pid_t parent_of(pid_t pid) {
    auto status = read_small("/proc/" + std::to_string(pid) + "/status");
    auto at = status.find("\nPPid:\t");
    if (at == std::string::npos) return 0;
    auto text = std::string_view(status).substr(at + 7);
    return static_cast<pid_t>(parse_decimal(text.substr(0, text.find('\n'))).value_or(0));
}

bool works_for(pid_t ancestor) {
    for (auto pid = getpid(); pid > 0; pid = parent_of(pid))
        if (pid == ancestor) return true;
    return false;
}

}  // namespace

Result<Lock> Lock::take(const std::string& path) {
    mkdir(path.substr(0, path.rfind('/')).c_str(), 0755);
    Lock lock;
    lock.fd_ = Fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock.fd_) return Error::from_errno("open() \"" + path + "\"");
    auto wanted = whole_file();
    if (fcntl(lock.fd_.get(), F_SETLK, &wanted) == 0) return lock;
    if (errno != EACCES && errno != EAGAIN) return Error::from_errno("locking \"" + path + "\"");
    auto found = whole_file();
    fcntl(lock.fd_.get(), F_GETLK, &found);
    return Error{"another takeover is under way: process " + std::to_string(found.l_pid) + " has the lock \"" + path + "\"", EAGAIN};
}

pid_t holder_of(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
    auto found = whole_file();
    if (!fd || fcntl(fd.get(), F_GETLK, &found) != 0 || found.l_type == F_UNLCK) return 0;
    return found.l_pid;
}

Result<> no_packages_at_work(const std::string& root) {
    for (auto* path : {"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/rpm/.rpm.lock"})
        if (auto pid = holder_of(root + path); pid && !works_for(pid))
            return Error{"packages are being installed or removed: process " + std::to_string(pid) + " has the lock \"" + path +
                         "\"; try again when it has finished"};
    return {};
}

}  // namespace bext::takeover
