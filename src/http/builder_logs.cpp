// Builder: log files and error_log destinations.
#include <syslog.h>

#include <algorithm>

#include "http/builder.h"
#include "net/syslog.h"

namespace bext::http {

using conf::Cursor;
using conf::Status;

std::shared_ptr<LogFile> Builder::log_file(const std::string& path) {
    for (auto& file : site->log_files)
        if (file->path() == path) return file;
    site->log_files.push_back(std::make_shared<LogFile>(path));
    return site->log_files.back();
}

Status Builder::error_log(Cursor& at, Log& log) {
    auto level = Level::kError;
    auto& target = at.arg(1);
    for (std::size_t n = 2; n < at.count(); ++n) {
        bool known = at.arg(n).starts_with("debug_");  // nginx's parts of debug
        for (int i = 1; i <= static_cast<int>(Level::kDebug); ++i)
            if (at.arg(n) == level_name(static_cast<Level>(i))) level = static_cast<Level>(i), known = true;
        if (!known) return conf::refuse(cat({"invalid log level \"", at.arg(n), "\""}));
    }
    if (target == "stderr" || target.empty()) {
        log.add(level, log_to_stderr());
    } else if (target.starts_with("syslog:")) {
        auto place = net::parse_syslog(std::string_view(target).substr(7), names);
        if (!place) return conf::refuse(place.error().text);
        log.add(level, log_to_syslog(*place));
    } else if (target.starts_with("memory:")) {
        return conf::refuse("nginx was built without debug support");
    } else {
        log.add(level, log_to_file(log_file(at.full_path(target))));
    }
    return conf::ok();
}

Status Builder::temp_path(Cursor& at, conf::Setting<std::string>& out) {
    if (out.is_set()) return conf::directive_is("is duplicate");
    auto path = at.full_path(at.arg(1));
    if (path.size() > 1 && path.back() == '/') path.pop_back();
    TempPath made{path, at.place().substr(4), {}};
    std::uint64_t digits = 0;
    for (std::size_t i = 2; i < at.count(); ++i) {
        auto level = parse_decimal(at.arg(i));
        if (!level || *level == 0) return conf::directive_is("invalid value");
        made.levels.push_back(*level);
        digits += *level + 1;
    }
    if (digits > 10 + made.levels.size()) return conf::directive_is("invalid value");
    auto known = std::find_if(temp_paths_.begin(), temp_paths_.end(), [&](auto& t) { return t.path == path; });
    if (known == temp_paths_.end()) {
        temp_paths_.push_back(made);
        site->temp_directories.push_back(path);
    } else if (known->levels != made.levels) {
        return conf::refuse(cat({"the same path name \"", path, "\" in ", known->place, " has the different levels than"}));
    }
    out.set(std::move(path));
    return conf::ok();
}

std::string Builder::temp_directory(std::string_view name, std::string_view prefixed) {
    auto path = defaults.temp + std::string(defaults.debian ? name : prefixed);
    for (auto& known : site->temp_directories)
        if (known == path) return path;
    site->temp_directories.push_back(path);
    return path;
}

}  // namespace bext::http
