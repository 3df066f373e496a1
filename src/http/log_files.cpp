#include "http/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/request.h"
#include "http/thread.h"

namespace bext::http {
namespace {

struct Open {
    Fd fd;
    std::uint64_t checked = 0, used = 0, uses = 0;
    std::uint64_t turn = 0;  // order of use within one millisecond
    dev_t device = 0;
    ino_t inode = 0;
};

struct OpenFiles {
    std::unordered_map<std::string, Open, TextHash, std::equal_to<>> by_path;
    std::uint64_t turn = 0;
};

OpenFiles& open_files() {
    static const char kKey = 0;
    auto& slot = Thread::current().local[&kKey];
    if (!slot) slot = std::make_shared<OpenFiles>();
    return *static_cast<OpenFiles*>(slot.get());
}

Fd open_log(Request& r, const std::string& path) {
    Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0644));
    if (!fd) r.log(Level::kCrit, cat({"open() \"", path, "\" failed"}), errno);
    return fd;
}

bool replaced(const Open& open, const std::string& path) {
    struct stat now {};
    return ::stat(path.c_str(), &now) != 0 || now.st_dev != open.device || now.st_ino != open.inode;
}

void make_room(OpenFiles& files, const LogFileCache& cache, std::uint64_t now) {
    std::erase_if(files.by_path, [&](auto& entry) { return now - entry.second.used > cache.inactive_ms; });
    while (files.by_path.size() >= cache.max) {
        auto oldest = std::min_element(files.by_path.begin(), files.by_path.end(),
                                       [](auto& a, auto& b) { return a.second.turn < b.second.turn; });
        files.by_path.erase(oldest);
    }
}

/// The descriptor kept for `path`; one that nothing else owns goes to `own`.
int descriptor(Request& r, const std::string& path, const LogFileCache& cache, Fd& own) {
    if (!cache.max) return own = open_log(r, path), own.get();
    auto& files = open_files();
    auto now = Thread::current().loop.now();
    auto at = files.by_path.find(path);
    if (at == files.by_path.end()) {
        make_room(files, cache, now);
        at = files.by_path.emplace(path, Open{}).first;
    }
    auto& open = at->second;
    open.used = now;
    open.turn = ++files.turn;
    ++open.uses;
    if (open.fd && now - open.checked > cache.valid_ms) {
        open.checked = now;
        if (replaced(open, path)) open.fd = Fd();
    }
    if (open.fd) return open.fd.get();
    own = open_log(r, path);
    if (!own) return files.by_path.erase(at), -1;
    if (open.uses < cache.min_uses) return own.get();
    struct stat facts {};
    ::fstat(own.get(), &facts);
    open.fd = std::move(own);
    open.checked = now;
    open.device = facts.st_dev;
    open.inode = facts.st_ino;
    return open.fd.get();
}

/// nginx makes no logs for a host whose root does not exist: else a client could make any number of files.
bool root_exists(Request& r) {
    std::size_t root_size = 0;
    auto path = r.path_of(r.uri, &root_size);
    if (!path.data()) return false;
    std::string root(path.substr(0, root_size));
    struct stat facts {};
    int error = ::stat(root.c_str(), &facts) != 0 ? errno : S_ISDIR(facts.st_mode) ? 0 : ENOTDIR;
    if (error) r.log(Level::kError, cat({"testing \"", root, "\" existence failed"}), error);
    return error == 0;
}

}  // namespace

conf::Status read_log_file_cache(conf::Cursor& at, LogFileCache& cache) {
    bool off = false, valid = true;
    for (std::size_t i = 1; i < at.count() && valid; ++i) {
        std::string_view word = at.arg(i);
        auto seconds = [&](std::string_view text, std::uint64_t& ms) {
            auto time = conf::parse_seconds(text);
            if (time) ms = static_cast<std::uint64_t>(time->count()) * 1000;
            return time.has_value();
        };
        auto number = [&](std::string_view text, std::uint64_t& value) {
            auto parsed = parse_decimal(text);
            if (parsed) value = *parsed;
            return parsed.has_value();
        };
        if (word.starts_with("max=")) valid = number(word.substr(4), cache.max);
        else if (word.starts_with("inactive=")) valid = seconds(word.substr(9), cache.inactive_ms);
        else if (word.starts_with("min_uses=")) valid = number(word.substr(9), cache.min_uses);
        else if (word.starts_with("valid=")) valid = seconds(word.substr(6), cache.valid_ms);
        else if (word == "off") off = true;
        else valid = false;
        if (!valid) return conf::refuse(cat({"invalid \"open_log_file_cache\" parameter \"", word, "\""}));
    }
    if (off) cache = {};
    else if (!cache.max) return conf::refuse("\"open_log_file_cache\" must have \"max\" parameter");
    return conf::ok();
}

bool append_to_log(Request& r, const std::string& path, std::string_view line, const LogFileCache& cache) {
    if (!root_exists(r)) return true;
    Fd own;
    int fd = descriptor(r, path, cache, own);
    return fd < 0 || ::write(fd, line.data(), line.size()) >= 0;
}

}  // namespace bext::http
