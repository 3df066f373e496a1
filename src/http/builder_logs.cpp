// Builder: log files and error_log destinations.
#include <syslog.h>

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
    if (target == "stderr") {
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

std::string Builder::temp_directory(std::string_view name, std::string_view prefixed) {
    auto path = defaults.temp + std::string(defaults.debian ? name : prefixed);
    for (auto& known : site->temp_directories)
        if (known == path) return path;
    site->temp_directories.push_back(path);
    return path;
}

}  // namespace bext::http
