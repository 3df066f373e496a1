#include "base/log.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "base/journal.h"
#include "base/pulse.h"
#include "base/text.h"

namespace bext {
namespace {

constexpr std::size_t kLongest = 2048;  // with the line end; nginx's NGX_MAX_ERROR_STR

void write_all(int fd, std::string_view line) {
    if (fd < 0) return;
    [[maybe_unused]] auto n = ::write(fd, line.data(), line.size());  // a full disk loses the line, never the request
}

class FileTarget final : public LogTarget {
public:
    explicit FileTarget(std::shared_ptr<LogFile> file) : file_(std::move(file)) {}
    void write(Level, std::string_view line, std::string_view) override {
        Blocking mark("write", file_->path());
        write_all(file_->fd(), line);
    }

private:
    std::shared_ptr<LogFile> file_;
};

class StderrTarget final : public LogTarget {
public:
    void write(Level level, std::string_view line, std::string_view) override {
        auto prefix = journal_prefix(level);
        write_all(2, prefix.empty() ? line : cat({prefix, line}));
    }
};

}  // namespace

std::string_view level_name(Level level) {
    static constexpr std::string_view kNames[] = {"", "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"};
    return kNames[static_cast<int>(level)];
}

LogFile::~LogFile() {
    if (fd() >= 0) ::close(fd());
}

void LogFile::adopt(int fd) {
    flush();
    int old = fd_.load(std::memory_order_acquire);
    if (old < 0) {
        fd_.store(fd, std::memory_order_release);
        return;
    }
    // The number stays, so that a thread in the middle of a write never meets a closed or foreign descriptor.
    ::dup3(fd, old, O_CLOEXEC);
    ::close(fd);
}

void Log::add(Level level, std::shared_ptr<LogTarget> target) {
    targets_.push_back({level, std::move(target)});
    if (level > most_) most_ = level;
}

void Log::write(Level level, std::string_view text) const {
    if (!wants(level)) return;
    const long tid = ::syscall(SYS_gettid);
    char line[kLongest + 128];
    time_t now = ::time(nullptr);
    struct tm local;
    localtime_r(&now, &local);
    auto head = strftime(line, 64, "%Y/%m/%d %H:%M:%S ", &local);
    auto name = level_name(level);
    int more = snprintf(line + head, 80, "[%.*s] %ld#%ld: ", static_cast<int>(name.size()), name.data(),
                        static_cast<long>(::getpid()), tid);
    auto at = head + static_cast<std::size_t>(more);
    auto size = std::min(text.size(), kLongest - 1 - at);
    std::memcpy(line + at, text.data(), size);
    line[at + size] = '\n';
    std::string_view whole(line, at + size + 1);
    for (auto& entry : targets_)
        if (level <= entry.level) entry.target->write(level, whole, whole.substr(head, whole.size() - head - 1));
}

std::shared_ptr<LogTarget> log_to_file(std::shared_ptr<LogFile> file) {
    return std::make_shared<FileTarget>(std::move(file));
}

std::shared_ptr<LogTarget> log_to_stderr() {
    find_journal();
    return std::make_shared<StderrTarget>();
}

Log& process_log() {
    static Log log;
    return log;
}

std::string errno_text(int error) { return " (" + std::to_string(error) + ": " + std::strerror(error) + ")"; }

}  // namespace bext
