#include "takeover/access_logs.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>

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

/// Whether added() can read the lines of this format.
bool is_read(const Survey& survey, std::string_view format) {
    if (format == "combined") return true;
    for (auto* one : survey.named("log_format")) {
        if (one->words.size() < 3 || one->words[1] != format) continue;
        std::string text;
        for (auto at = one->words.begin() + 2; at != one->words.end(); ++at) text += *at;
        return text.find("\"$request\" $status") != text.npos;
    }
    return false;
}

/// How good a log is for counting requests.
int worth(const Survey& survey, const Found& log) {
    if (!is_read(survey, log.words.size() > 2 ? log.words[2] : "combined")) return 0;
    return std::ranges::any_of(log.words, [](auto& word) { return word.starts_with("if="); }) ? 1 : 2;
}

/// What may be left out: one log of each block is enough, one that is counted anyway if there is one.
std::set<std::string> spare(const Survey& survey) {
    std::map<int, std::vector<std::string>> blocks;  // the best ones of each
    std::map<int, int> best;
    std::set<std::string> all, chosen;
    for (auto* log : survey.named("access_log")) {
        if (log->words.size() < 2 || log_file_of(*log).empty()) continue;
        all.insert(log_file_of(*log));
        auto worth_of_it = worth(survey, *log);
        auto known = best.try_emplace(log->block, worth_of_it).first;
        if (worth_of_it > known->second) known->second = worth_of_it, blocks[log->block].clear();
        if (worth_of_it == known->second) blocks[log->block].push_back(log_file_of(*log));
    }
    for (auto& [block, files] : blocks)
        if (files.size() == 1) chosen.insert(files.front());
    for (auto& [block, files] : blocks)
        if (std::ranges::none_of(files, [&](auto& file) { return chosen.contains(file); })) chosen.insert(files.front());
    std::erase_if(all, [&](auto& file) { return chosen.contains(file); });
    return all;
}

}  // namespace

std::set<std::string> access_logs_of(const Survey& survey) {
    int servers = 0;
    for (auto& one : survey.directives) servers = std::max(servers, one.server + 1);
    std::set<std::string> all;
    for (int i = 0; i < servers; ++i) all.merge(log_files_of(survey, i, kStandardLog));
    for (auto& file : spare(survey)) all.erase(file);
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
