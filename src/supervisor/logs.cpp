#include "supervisor/logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace bext::supervisor {
namespace {

constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;

/// Gives a regular file to the worker's user, so that what rotates the logs finds it owned as nginx leaves it.
Result<> give_to(const Fd& fd, const std::string& path, std::int64_t uid) {
    struct stat found{};
    if (fstat(fd.get(), &found) != 0) return Error::from_errno("stat() \"" + path + "\"");
    if (!S_ISREG(found.st_mode)) return {};
    auto user = static_cast<uid_t>(uid);
    if (found.st_uid != user && fchown(fd.get(), user, static_cast<gid_t>(-1)) != 0)
        return Error::from_errno("chown(\"" + path + "\", " + std::to_string(uid) + ")");
    constexpr mode_t kOwner = S_IRUSR | S_IWUSR;
    if ((found.st_mode & kOwner) != kOwner && fchmod(fd.get(), found.st_mode | kOwner) != 0)
        return Error::from_errno("chmod() \"" + path + "\"");
    return {};
}

}  // namespace

Result<Fd> open_log(const std::string& path) {
    auto slash = path.rfind('/');
    if (slash != std::string::npos && geteuid() == 0) {
        Fd directory(::open(slash ? path.substr(0, slash).c_str() : "/", O_PATH | O_DIRECTORY | O_CLOEXEC));
        struct stat found{};
        if (directory && fstat(directory.get(), &found) == 0 && found.st_uid != 0) {
            Fd fd(openat(directory.get(), path.c_str() + slash + 1, kFlags | O_NOFOLLOW, 0644));
            if (!fd) return Error::from_errno("open() \"" + path + "\"");
            return fd;
        }
    }
    Fd fd(::open(path.c_str(), kFlags, 0644));
    if (!fd) return Error::from_errno("open() \"" + path + "\"");
    return fd;
}

Result<Logs> Logs::open(const handoff::Plan& plan) {
    Logs logs;
    for (const auto& path : plan.log_files) {
        auto file = std::make_shared<LogFile>(path);
        auto fd = open_log(path);
        if (!fd) return fd.error();
        file->adopt(fd->release());
        logs.files_.push_back(std::move(file));
    }
    return logs;
}

void Logs::reopen(std::int64_t uid) {
    for (const auto& file : files_) {
        auto fd = open_log(file->path());
        if (!fd) {
            process_log().write(Level::kEmerg, fd.error().text);
            continue;
        }
        auto given = uid < 0 ? Result<>() : give_to(*fd, file->path(), uid);
        if (!given) {
            process_log().write(Level::kEmerg, given.error().text);
            continue;
        }
        file->adopt(fd->release());
    }
}

std::vector<handoff::Loan> Logs::loans() const {
    std::vector<handoff::Loan> loans;
    for (std::uint32_t i = 0; i < files_.size(); ++i) loans.push_back({{handoff::Role::kLog, i, 0}, files_[i]->fd()});
    return loans;
}

std::shared_ptr<LogFile> Logs::find(const std::string& path) const {
    for (const auto& file : files_)
        if (file->path() == path) return file;
    return nullptr;
}

Log Logs::log_of(const handoff::Plan& plan) const {
    Log log;
    for (const auto& line : plan.error_logs) {
        auto level = static_cast<Level>(line.level);
        if (!line.syslog.address.empty()) {
            log.add(level, log_to_syslog(line.syslog));
        } else if (line.path.empty()) {
            log.add(level, log_to_stderr());
        } else if (auto file = find(line.path)) {
            log.add(level, log_to_file(file));
        }
    }
    if (log.empty()) log.add(Level::kError, log_to_stderr());
    return log;
}

bool Logs::on_stderr(const handoff::Plan& plan) {
    const auto& lines = plan.error_logs;
    return lines.empty() || std::any_of(lines.begin(), lines.end(), [](auto& line) { return line.path.empty() && line.syslog.address.empty(); });
}

int Logs::error_log_fd(const handoff::Plan& plan) const {
    for (const auto& line : plan.error_logs)
        if (auto file = line.path.empty() ? nullptr : find(line.path)) return file->fd();
    return -1;
}

}  // namespace bext::supervisor
