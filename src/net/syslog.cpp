#include "net/syslog.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <mutex>

#include "base/fd.h"
#include "base/text.h"
#include "net/address.h"

namespace bext::net {
namespace {

constexpr std::string_view kFacilities[] = {"kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news",
                                            "uucp", "clock", "authpriv", "ftp", "ntp", "audit", "alert", "cron",
                                            "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
constexpr std::string_view kSeverities[] = {"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"};
constexpr std::size_t kLongest = 2048;  // nginx's NGX_SYSLOG_MAX_STR

template <std::size_t N>
int find(const std::string_view (&names)[N], std::string_view name) {
    for (std::size_t i = 0; i < N; ++i)
        if (names[i] == name) return static_cast<int>(i);
    return -1;
}

Result<Address> server_address(std::string_view text) {
    auto failed = [&](std::string_view why) { return Error{cat({why, " in syslog server \"", text, "\""})}; };
    if (text.starts_with("unix:")) {
        auto address = Address::unix_path(text.substr(5));
        if (!address) return failed(address.error().text);
        return *address;
    }
    std::uint16_t port = 514;
    auto host = text;
    auto colon = text.rfind(':');
    if (colon != std::string_view::npos && (text[0] != '[' || colon > text.find(']'))) {
        auto number = parse_decimal(text.substr(colon + 1), 65535);
        if (!number || *number == 0) return failed("invalid port");
        port = static_cast<std::uint16_t>(*number);
        host = text.substr(0, colon);
    }
    if (host.empty()) return failed("no host");
    auto found = resolve_now(std::string(host), port);
    if (!found) return failed(found.error().text);
    return found->front();
}

}  // namespace

struct Syslog::State {
    Address server;
    bool has_server = false;
    int facility = -1, severity = -1;
    std::string tag, hostname;
    bool with_hostname = true;
    std::mutex mutex;  // guards fd: threads log at the same time
    Fd fd;

    Result<> option(std::string_view word);
    bool connect();
};

Result<> Syslog::State::option(std::string_view word) {
    if (word.starts_with("server=")) {
        if (has_server) return Error{"duplicate syslog \"server\""};
        auto address = server_address(word.substr(7));
        if (!address) return address.error();
        server = *address;
        has_server = true;
    } else if (word.starts_with("facility=")) {
        if (facility >= 0) return Error{"duplicate syslog \"facility\""};
        facility = find(kFacilities, word.substr(9));
        if (facility < 0) return Error{cat({"unknown syslog facility \"", word.substr(9), "\""})};
    } else if (word.starts_with("severity=")) {
        if (severity >= 0) return Error{"duplicate syslog \"severity\""};
        severity = find(kSeverities, word.substr(9));
        if (severity < 0) return Error{cat({"unknown syslog severity \"", word.substr(9), "\""})};
    } else if (word.starts_with("tag=")) {
        if (!tag.empty()) return Error{"duplicate syslog \"tag\""};
        tag = word.substr(4);
        if (tag.size() > 32) return Error{"syslog tag length exceeds 32"};
        for (char c : tag)
            if (!is_digit(c) && c != '_' && (to_lower(c) < 'a' || to_lower(c) > 'z'))
                return Error{"syslog \"tag\" only allows alphanumeric characters and underscore"};
    } else if (word == "nohostname") {
        with_hostname = false;
    } else {
        return Error{cat({"unknown syslog parameter \"", word, "\""})};
    }
    return {};
}

bool Syslog::State::connect() {
    if (fd) return true;
    fd = Fd(::socket(server.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return false;
    if (::connect(fd.get(), server.raw(), server.size()) == 0) return true;
    fd.reset();
    return false;
}

Result<std::shared_ptr<Syslog>> Syslog::create(std::string_view options) {
    auto syslog = std::make_shared<Syslog>();
    syslog->state_ = std::make_unique<State>();
    auto& s = *syslog->state_;
    for (auto word : split(options, ','))
        if (auto done = s.option(word); !done) return done.error();
    if (!s.has_server) return Error{"no syslog server specified"};
    if (s.facility < 0) s.facility = 23;
    if (s.severity < 0) s.severity = 6;
    if (s.tag.empty()) s.tag = "nginx";
    char host[256] = "";
    ::gethostname(host, sizeof host - 1);
    s.hostname = host;
    return syslog;
}

Syslog::Syslog() = default;
Syslog::~Syslog() = default;

void Syslog::send(int severity, std::string_view text) {
    auto& s = *state_;
    char line[kLongest];
    time_t now = ::time(nullptr);
    struct tm local;
    localtime_r(&now, &local);
    char date[32];
    strftime(date, sizeof date, "%b %e %H:%M:%S", &local);
    int head = snprintf(line, sizeof line, "<%d>%s %s%s%s: ", s.facility * 8 + (severity < 0 ? s.severity : severity), date,
                        s.with_hostname ? s.hostname.c_str() : "", s.with_hostname ? " " : "", s.tag.c_str());
    auto at = static_cast<std::size_t>(head);
    auto size = std::min(text.size(), sizeof line - at);
    text.copy(line + at, size);
    std::lock_guard lock(s.mutex);
    if (!s.connect()) return;
    if (::send(s.fd.get(), line, at + size, MSG_NOSIGNAL) < 0 && errno != EAGAIN) s.fd.reset();
}

namespace {

class SyslogTarget final : public LogTarget {
public:
    explicit SyslogTarget(std::shared_ptr<Syslog> syslog) : syslog_(std::move(syslog)) {}
    void write(Level level, std::string_view line, std::string_view) override {
        if (line.ends_with('\n')) line.remove_suffix(1);
        syslog_->send(static_cast<int>(level) - 1, line);
    }

private:
    std::shared_ptr<Syslog> syslog_;
};

}  // namespace

Result<std::shared_ptr<LogTarget>> syslog_target(std::string_view options) {
    auto syslog = Syslog::create(options);
    if (!syslog) return syslog.error();
    return std::shared_ptr<LogTarget>(std::make_shared<SyslogTarget>(*syslog));
}

}  // namespace bext::net
