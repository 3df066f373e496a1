#include "takeover/access_logs.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "base/text.h"
#include "takeover/rehearsal_plan.h"

namespace bext::takeover {
namespace {

constexpr std::size_t kMostLogs = 64;
constexpr std::uint64_t kMostAtOnce = 4 * 1024 * 1024;  // bytes of a log that are read at once

std::uint64_t size_of(const std::string& path) {
    struct stat facts {};
    return stat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

/// The whole lines from `offset` on, which moves behind them.
std::string lines_from(const std::string& path, std::uint64_t& offset) {
    auto size = size_of(path);
    if (size < offset) offset = 0;  // a new file
    std::string text(static_cast<std::size_t>(std::min(size - offset, kMostAtOnce)), 0);
    if (text.empty()) return text;
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    text.resize(text.rfind('\n') + 1);
    offset += text.size();
    return text;
}

}  // namespace

std::set<std::string> access_logs_of(const Survey& survey) {
    int servers = 0;
    for (auto& one : survey.directives) servers = std::max(servers, one.server + 1);
    std::set<std::string> all;
    for (int i = 0; i < servers; ++i) all.merge(log_files_of(survey, i, kStandardLog));
    return all;
}

AccessLogs::AccessLogs(const std::set<std::string>& paths) {
    for (auto& path : paths)
        if (logs_.size() < kMostLogs) logs_.push_back({path, size_of(path)});
}

AccessLogs::Count AccessLogs::added() {
    Count count;
    for (auto& log : logs_) {
        auto text = lines_from(log.path, log.offset);
        for (auto line : split(text, '\n')) {
            auto at = line.find("\" ");
            if (at == std::string_view::npos || line.size() < at + 5 || line.find("bext-takeover") != std::string_view::npos) continue;
            ++count.requests;
            count.errors += line[at + 2] == '5';
        }
    }
    return count;
}

}  // namespace bext::takeover
