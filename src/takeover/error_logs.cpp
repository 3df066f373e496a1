#include "takeover/error_logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"
#include "base/json.h"
#include "base/text.h"
#include "conf/files.h"
#include "takeover/rehearsal_plan.h"

namespace bext::takeover {
namespace {

constexpr std::size_t kMostFiles = 8, kMostLines = 50, kLongestLine = 1000;
constexpr off_t kRead = 16 * 1024;  // bytes of a file's end

/// The whole lines of the end of a file.
Result<std::string> tail_of(const std::string& path) {
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts {};
    if (!fd || fstat(fd.get(), &facts) != 0) return Error::from_errno("open() \"" + path + "\"");
    if (!S_ISREG(facts.st_mode)) return Error{"it is no file that can be looked into"};
    auto from = std::max<off_t>(0, facts.st_size - kRead);
    std::string text(static_cast<std::size_t>(facts.st_size - from), 0);
    auto got = pread(fd.get(), text.data(), text.size(), from);
    if (got < 0) return Error::from_errno("pread() \"" + path + "\"");
    text.resize(static_cast<std::size_t>(got));
    if (from) text.erase(0, text.find('\n') + 1);
    return text;
}

std::string lines_json(const std::string& text) {
    auto lines = split(trim(text, "\n"), '\n');
    if (lines.size() > kMostLines) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(kMostLines));
    std::string json;
    for (auto line : lines)
        if (!line.empty()) json += (json.empty() ? "" : ",") + json_text(line.substr(0, kLongestLine));
    return "[" + json + "]";
}

}  // namespace

std::set<std::string> error_logs_of(const Subject& subject) {
    std::set<std::string> files;
    for (auto* one : subject.survey.named("error_log")) {
        if (one->words.size() < 2) continue;
        auto& path = one->words[1];
        if (path == "stderr" || path.starts_with("syslog:") || path.starts_with("memory:") || path.find('$') != path.npos) continue;
        files.insert(conf::absolute_path(kLogPrefix, path));
    }
    if (subject.configuration)
        for (auto& one : subject.configuration->plan.error_logs)
            if (!one.path.empty()) files.insert(one.path);
    return files;
}

std::string ends_json(const std::set<std::string>& files) {
    std::string text;
    std::size_t count = 0;
    for (auto& file : files) {
        if (count++ >= kMostFiles) break;
        auto end = tail_of(file);
        text += cat({text.empty() ? "" : ",", "{\"file\":", json_text(file), ",\"lines\":", end ? lines_json(*end) : "[]", ",\"reason\":",
                     json_text(end ? "" : end.error().text), "}"});
    }
    return "[" + text + "]\n";
}

}  // namespace bext::takeover
