#include "masquerade/process.h"

#include <limits.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "base/text.h"
#include "masquerade/files.h"

namespace bext::masquerade {
namespace {

constexpr timespec kBetween{0, 10'000'000};

std::string in_proc(pid_t pid, const char* name) { return "/proc/" + std::to_string(pid) + "/" + name; }

std::string text_of(const std::string& path) {
    auto text = read_file(path);
    return text ? text->value_or("") : std::string();
}

std::int64_t now_ms() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

Server server_of(pid_t pid) {
    if (pid <= 0) return Server::kNone;
    char target[PATH_MAX];
    auto size = readlink(in_proc(pid, "exe").c_str(), target, sizeof target);
    if (size <= 0) return Server::kNone;
    std::string path(target, static_cast<std::size_t>(size));
    constexpr std::string_view kDeleted = " (deleted)";
    if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
    return path.ends_with("/bext-server") || path.ends_with("/bext-server.prev") ? Server::kBext : Server::kOther;
}

std::string name_of(pid_t pid) {
    auto name = text_of(in_proc(pid, "comm"));
    return name.substr(0, name.find('\n'));
}

pid_t parent_of(pid_t pid) {
    auto status = text_of(in_proc(pid, "status"));
    auto at = status.find("\nPPid:\t");
    if (at == std::string::npos) return 0;
    auto rest = std::string_view(status).substr(at + 7);
    return static_cast<pid_t>(parse_decimal(rest.substr(0, rest.find('\n'))).value_or(0));
}

std::vector<pid_t> children_of(pid_t pid) {
    auto text = text_of(in_proc(pid, "task/") + std::to_string(pid) + "/children");
    std::vector<pid_t> children;
    for (auto word : split(text, ' '))
        if (auto number = parse_decimal(word)) children.push_back(static_cast<pid_t>(*number));
    return children;
}

pid_t pid_in(const std::string& pid_file) {
    auto text = text_of(pid_file);
    return static_cast<pid_t>(parse_decimal(trim(text, " \t\r\n"), INT32_MAX).value_or(0));
}

Arrival::Arrival(const std::string& path) : name_(path.substr(path.rfind('/') + 1)), fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    inotify_add_watch(fd_.get(), directory_of(path).c_str(), IN_MOVED_TO);
}

bool Arrival::seen() {
    alignas(inotify_event) char events[4096];
    ssize_t size;
    while ((size = read(fd_.get(), events, sizeof events)) > 0)
        for (char* at = events; at < events + size;) {
            auto* event = reinterpret_cast<inotify_event*>(at);
            seen_ = seen_ || (event->len && name_ == event->name);
            at += sizeof(inotify_event) + event->len;
        }
    return seen_;
}

bool wait_until(int timeout_ms, const std::function<bool()>& condition) {
    auto deadline = now_ms() + timeout_ms;
    while (!condition()) {
        if (now_ms() >= deadline) return false;
        nanosleep(&kBetween, nullptr);
    }
    return true;
}

}  // namespace bext::masquerade
