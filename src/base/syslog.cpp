#include "base/syslog.h"

#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>

namespace bext {
namespace {

std::atomic<bool> silent = false;

constexpr std::size_t kLongestMessage = 2048;  // nginx's NGX_SYSLOG_MAX_STR

class SyslogTarget final : public LogTarget {
public:
    explicit SyslogTarget(SyslogPlace place) : syslog_(std::move(place)) {}
    void write(Level level, std::string_view line, std::string_view) override {
        if (line.ends_with('\n')) line.remove_suffix(1);
        syslog_.send(static_cast<int>(level) - 1, line);
    }

private:
    Syslog syslog_;
};

}  // namespace

bool Syslog::connect() {
    if (fd_) return true;
    auto* server = reinterpret_cast<const sockaddr*>(place_.address.data());
    fd_ = Fd(::socket(server->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd_) return false;
    if (::connect(fd_.get(), server, static_cast<socklen_t>(place_.address.size())) == 0) return true;
    fd_.reset();
    return false;
}

void Syslog::send(int severity, std::string_view text) {
    if (silent) return;
    char line[kLongestMessage];
    time_t now = ::time(nullptr);
    struct tm local;
    localtime_r(&now, &local);
    char date[32];
    strftime(date, sizeof date, "%b %e %H:%M:%S", &local);
    int head = snprintf(line, sizeof line, "<%d>%s %s%s%s: ", place_.facility * 8 + (severity < 0 ? place_.severity : severity), date,
                        place_.host.c_str(), place_.host.empty() ? "" : " ", place_.tag.c_str());
    auto at = static_cast<std::size_t>(head);
    auto size = std::min(text.size(), sizeof line - at);
    text.copy(line + at, size);
    std::lock_guard lock(mutex_);
    if (!connect()) return;
    if (::send(fd_.get(), line, at + size, MSG_NOSIGNAL) < 0 && errno != EAGAIN) fd_.reset();
}

void silence_syslog() { silent = true; }

std::shared_ptr<LogTarget> log_to_syslog(SyslogPlace place) { return std::make_shared<SyslogTarget>(std::move(place)); }

}  // namespace bext
