#include "takeover/rehearsal_plan.h"

#include <map>

#include "base/text.h"
#include "conf/files.h"
#include "takeover/here.h"
#include "takeover/rehearsal.h"

namespace bext::takeover {
namespace {

constexpr std::size_t kMostServers = 8;  // that are asked for one request
constexpr std::size_t kMostNames = 100;

/// The same address and name, in the order of the configuration, by the file that its server logs into.
std::map<std::string, std::vector<Target>> targets_by_log(const Subject& subject, const std::vector<Target>& targets) {
    std::map<std::string, std::vector<Target>> all;
    int number = 0;
    for (auto& server : subject.configuration->site->servers) {
        for (auto& file : log_files_of(subject.survey, number, kStandardLog)) {
            std::set<std::string> addresses;  // one name of the server at each
            for (auto& target : targets)
                if (target.server == server.get() && all[file].size() < kMostServers && addresses.insert(target.address.text()).second)
                    all[file].push_back(target);
        }
        ++number;
    }
    std::erase_if(all, [](auto& one) { return one.second.empty(); });
    return all;
}

std::string unescaped_path(std::string_view target) {
    std::string path;
    for (std::size_t i = 0; i < target.size() && target[i] != '?' && target[i] != '#'; ++i) {
        if (target[i] == '%' && i + 2 < target.size() && hex_digit(target[i + 1]) >= 0 && hex_digit(target[i + 2]) >= 0) {
            path += static_cast<char>(hex_digit(target[i + 1]) * 16 + hex_digit(target[i + 2]));
            i += 2;
        } else if (target[i] != '/' || path.empty() || path.back() != '/') {
            path += target[i];
        }
    }
    return path;
}

/// As find_location(), without a request.
const http::Location* find(const http::Locations& level, const std::string& path) {
    const http::Location* found = nullptr;
    std::size_t longest = 0;
    for (auto& one : level.statics) {
        if (one.exact && one.name == path) return one.exact;
        if (one.prefix && path.starts_with(one.name) && (!found || one.name.size() > longest)) found = one.prefix, longest = one.name.size();
    }
    if (found && found->inner && !found->inner->empty())
        if (auto* inner = find(*found->inner, path)) found = inner;
    if (found && found->kind == http::Location::Kind::kNoRegex) return found;
    for (auto* one : level.regexes)
        if (one->regex->test(path) > 0) return one;
    return found;
}

}  // namespace

std::string location_of(const http::Server& server, std::string_view target) {
    auto path = unescaped_path(target);
    auto* location = find(server.locations, path);
    if (!location) return "(no location)";
    using Kind = http::Location::Kind;
    if (location->kind == Kind::kRegex) return "~ " + location->regex->pattern();
    return cat({location->kind == Kind::kExact ? "= " : location->kind == Kind::kNoRegex ? "^~ " : "", location->name});
}

std::string log_file_of(const Found& access_log) {
    auto& path = access_log.words[1];
    bool file = path != "off" && !path.starts_with("syslog:") && path.find('$') == path.npos;
    return file ? conf::absolute_path(kLogPrefix, path) : "";
}

std::set<std::string> log_files_of(const Survey& survey, int server, const std::string& standard) {
    std::set<std::string> own, common;
    bool own_given = false, common_given = false;
    for (auto* one : survey.named("access_log")) {
        bool here = one->server == server && server >= 0;
        if (one->words.size() < 2 || (!here && one->inside != std::vector<std::string>{"http"})) continue;
        // One of a location adds a file; only one of the server replaces what http has.
        (here ? own_given : common_given) |= !here || one->inside.size() == 2;
        if (auto file = log_file_of(*one); !file.empty()) (here ? own : common).insert(file);
    }
    if (own_given) return own;
    if (!common_given) common.insert(standard);
    own.insert(common.begin(), common.end());
    return own;
}

std::set<int> limit_statuses(const Survey& survey) {
    std::set<int> all;
    for (auto* name : {"limit_req", "limit_conn"}) {
        if (survey.named(name).empty()) continue;
        all.insert(503);
        for (auto* one : survey.named(std::string(name) + "_status"))
            if (one->words.size() > 1) all.insert(static_cast<int>(parse_decimal(one->words[1]).value_or(503)));
    }
    return all;
}

std::vector<Planned> plan_of(const Subject& subject, std::size_t most) {
    std::vector<Planned> all;
    auto targets = targets_of(*subject.configuration);
    remove_absent(targets);
    for (auto& target : targets)
        if (all.size() < kMostNames) all.push_back({{"GET", "/", "", 0}, false, {target}});
    auto by_log = targets_by_log(subject, targets);
    std::map<std::string, std::vector<Logged>> lines;
    for (auto& [file, servers] : by_log) lines[file] = last_requests(file, most);
    std::size_t taken = 0;
    for (std::size_t i = 0; taken < most && i < most; ++i)
        for (auto& [file, requests] : lines) {
            if (i >= requests.size() || taken >= most) continue;
            all.push_back({requests[i], true, by_log[file]});
            ++taken;
        }
    return all;
}

}  // namespace bext::takeover
