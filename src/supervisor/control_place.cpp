#include "supervisor/control_place.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "base/text.h"

namespace bext::supervisor {
namespace {

constexpr const char* kOfRoot = "/run/bext/control";  // and of a service whose unit has User= and RuntimeDirectory=bext

/// Its number is that of the pid namespace while anything is in it.
std::string pid_namespace() {
    struct stat space {};
    static_cast<void>(stat("/proc/self/ns/pid", &space));
    return std::to_string(space.st_ino);
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

Result<> make(const std::string& path, mode_t mode) {
    if (mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};
    return Error::from_errno("mkdir() \"" + path + "\"");
}

/// `path` is a directory, and no link to one.
Result<struct stat> look_at(const std::string& path) {
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) return Error::from_errno("lstat() \"" + path + "\"");
    if (!S_ISDIR(found.st_mode)) return Error{"\"" + path + "\" is not a directory"};
    return found;
}

/// Nobody but root and this user can put another directory in the place of one in there.
Result<> must_be_kept_from_others(const std::string& path) {
    auto found = look_at(path);
    if (!found) return found.error();
    bool ours = found->st_uid == geteuid() || found->st_uid == 0;
    if (ours && !(found->st_mode & (S_IWGRP | S_IWOTH))) return {};
    return Error{"\"" + path + "\" can be changed by others"};
}

/// Nobody else can enter it.
Result<> must_be_private(const std::string& path) {
    auto found = look_at(path);
    if (!found) return found.error();
    if (found->st_uid == geteuid() && !(found->st_mode & (S_IRWXG | S_IRWXO))) return {};
    return Error{"\"" + path + "\" is not a directory of this user alone"};
}

}  // namespace

std::vector<std::string> control_directories() {
    std::vector<std::string> all{kOfRoot};
    if (geteuid() == 0) return all;
    const char* own = getenv("XDG_RUNTIME_DIR");
    all.push_back((own && *own == '/' ? std::string(own) : "/run/user/" + std::to_string(geteuid())) + "/bext");
    return all;
}

std::string control_name(pid_t pid) { return pid_namespace() + "." + std::to_string(pid); }

Result<> prepare_control_directory(const std::string& directory) {
    auto parent = parent_of(directory);
    if (geteuid() == 0)  // a user's own are made by who logs it in, and by systemd
        if (auto made = make(parent, 0755); !made) return made;
    if (auto good = must_be_kept_from_others(parent); !good) return good;
    if (auto made = make(directory, 0700); !made) return made;
    return must_be_private(directory);
}

void sweep_control_directory(const std::string& directory) {
    auto prefix = pid_namespace() + ".";
    std::error_code error;
    std::vector<std::string> left;
    for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
        auto name = at->path().filename().string();
        auto pid = name.starts_with(prefix) ? parse_decimal(std::string_view(name).substr(prefix.size()), INT32_MAX) : std::nullopt;
        if (pid && *pid > 0 && kill(static_cast<pid_t>(*pid), 0) != 0 && errno == ESRCH) left.push_back(at->path().string());
    }
    for (auto& path : left) static_cast<void>(unlink(path.c_str()));
}

}  // namespace bext::supervisor
