// Logs: the log files of a configuration, opened by the supervisor and lent to the worker. SIGUSR1 opens them anew.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "handoff/plan.h"
#include "handoff/channel.h"

namespace bext::supervisor {

/// Opens `path` for appending, mode 0644. As root, in a directory that belongs to another user, no symbolic link is
/// followed: its owner could make root append to any file (CVE-2016-1247).
Result<Fd> open_log(const std::string& path);

class Logs {
public:
    /// Opens every log file of `plan`; the error is that of the first which fails.
    static Result<Logs> open(const handoff::Plan& plan);

    /// Opens every file again and gives it to `uid` (-1: to nobody). A file that fails keeps its old descriptor.
    void reopen(std::int64_t uid);

    std::vector<handoff::Loan> loans() const;

    /// The log of the supervisor itself: the main error_log lines of `plan`.
    Log log_of(const handoff::Plan& plan) const;

    /// The first file among the main error_log lines, -1 when there is none.
    int error_log_fd(const handoff::Plan& plan) const;

    /// Whether log_of(plan) writes to stderr.
    static bool on_stderr(const handoff::Plan& plan);

private:
    std::shared_ptr<LogFile> find(const std::string& path) const;

    std::vector<std::shared_ptr<LogFile>> files_;
};

}  // namespace bext::supervisor
