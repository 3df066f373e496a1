// The error log in nginx's format: "2026/11/21 04:42:12 [error] 12#12: *5 text". A Log is a chain of targets with levels.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace bext {

enum class Level : std::uint8_t { kStderr, kEmerg, kAlert, kCrit, kError, kWarn, kNotice, kInfo, kDebug };

/// "emerg", "alert" … as in the brackets.
std::string_view level_name(Level level);

/// An open log file whose descriptor can be replaced while others write (USR1).
class LogFile {
public:
    explicit LogFile(std::string path) : path_(std::move(path)) {}
    ~LogFile();
    const std::string& path() const { return path_; }
    int fd() const { return fd_.load(std::memory_order_acquire); }
    /// Takes `fd` in place of the old descriptor, which keeps its number's users safe by dup2.
    void adopt(int fd);
    /// Who buffers lines for this file says how to write them out: done before adopt() and when the process ends.
    void set_flush(std::function<void()> flush) { flush_ = std::move(flush); }
    void flush() const {
        if (flush_) flush_();
    }

private:
    std::string path_;
    std::function<void()> flush_;
    std::atomic<int> fd_{-1};
};

/// One `error_log` line's destination.
class LogTarget {
public:
    virtual ~LogTarget() = default;
    /// `line` ends in a newline and holds the time; `text` is what follows the time.
    virtual void write(Level level, std::string_view line, std::string_view text) = 0;
};

class Log {
public:
    void add(Level level, std::shared_ptr<LogTarget> target);
    bool wants(Level level) const { return level <= most_; }
    bool empty() const { return targets_.empty(); }
    /// `text` without time and newline: "*5 open() … failed". Truncated at nginx's 2048 bytes.
    void write(Level level, std::string_view text) const;

private:
    struct Entry {
        Level level;
        std::shared_ptr<LogTarget> target;
    };
    std::vector<Entry> targets_;
    Level most_ = Level::kStderr;
};

std::shared_ptr<LogTarget> log_to_file(std::shared_ptr<LogFile> file);
std::shared_ptr<LogTarget> log_to_stderr();

/// The log of what belongs to no request: the process's own.
Log& process_log();
/// " (2: No such file or directory)" of an errno.
std::string errno_text(int error);

}  // namespace bext
