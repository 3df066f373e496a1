#include "takeover/sandbox.h"

#include <limits.h>
#include <stdlib.h>

#include <set>

#include "base/text.h"
#include "conf/files.h"
#include "takeover/disk.h"
#include "takeover/places.h"

namespace bext::takeover {
namespace {

constexpr const char* kPrefix = "/usr/share/nginx/";

bool below(std::string_view path, std::string_view directory) {
    while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
    return path.starts_with(directory) && (directory == "/" || path.size() == directory.size() || path[directory.size()] == '/');
}

std::string directory_above(const std::string& path) {
    auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

/// Where a path leads, by the links of the part of it that exists: mounts are by place, not by name.
std::string real_path(std::string path) {
    std::string rest;
    char real[PATH_MAX];
    while (path.size() > 1 && !realpath(path.c_str(), real)) {
        rest.insert(0, path.substr(path.rfind('/')));
        path = directory_above(path);
    }
    return path.size() > 1 ? real + rest : rest.empty() ? path : rest;
}

bool may_write(const std::string& path, const sysd::Sandbox& sandbox) {
    for (auto& one : sandbox.read_write) {
        auto from = one.find_first_not_of("-+");
        if (from != std::string::npos && below(path, std::string_view(one).substr(from))) return true;
    }
    auto read_only = [&](std::initializer_list<const char*> directories) {
        for (auto* one : directories)
            if (below(path, one)) return true;
        return false;
    };
    if (sandbox.protect_system == "strict") return read_only({"/dev", "/proc", "/sys"});  // which are left alone
    if (sandbox.protect_system == "full") return !read_only({"/usr", "/boot", "/efi", "/etc"});
    return sandbox.protect_system != "yes" || !read_only({"/usr", "/boot", "/efi"});
}

/// Log files with variables in their names, as far as these are constant.
void add_variable_logs(const Survey& survey, std::set<std::string>& directories) {
    for (auto* one : survey.named("access_log")) {
        if (one->words.size() < 2 || one->words[1].starts_with("syslog:")) continue;
        auto dollar = one->words[1].find('$');
        if (dollar != std::string::npos && dollar > 0) directories.insert(directory_above(conf::absolute_path(kPrefix, one->words[1].substr(0, dollar) + "x")));
    }
}

std::string in_unit(const std::string& path) {
    std::string out = "\"-";
    for (char c : path) {
        if (c == '"' || c == '\\') out += '\\';
        if (c == '%') out += '%';
        out += c;
    }
    return out + "\"";
}

}  // namespace

std::vector<std::string> closed_directories(const loader::Configuration& configuration, const Survey& survey, const sysd::Sandbox& sandbox) {
    std::set<std::string> directories;
    for (auto& file : configuration.plan.log_files) directories.insert(directory_above(file));
    for (auto& directory : configuration.plan.directories) directories.insert(directory);
    for (auto& listen : configuration.plan.listens)
        if (listen.text.starts_with("unix:")) directories.insert(directory_above(listen.text.substr(5)));
    add_variable_logs(survey, directories);
    std::set<std::string> closed;
    for (auto& one : directories)
        if (auto real = real_path(one); !may_write(real, sandbox)) closed.insert(real);
    return {closed.begin(), closed.end()};
}

std::vector<std::string> closed_directories(const Subject& subject) {
    if (!subject.configuration || !subject.manager) return {};
    auto sandbox = subject.manager->sandbox(kBext);
    if (!sandbox) return {};
    return closed_directories(*subject.configuration, subject.survey, *sandbox);
}

Check check_sandbox(const Subject& subject) {
    Check check{"Writable Paths", true, Verdict::kPass, "logs, temporary files and sockets, against what bext.service may write", "", ""};
    auto closed = closed_directories(subject);
    if (closed.empty()) return check;
    check.verdict = Verdict::kFail;
    check.reason = "bext.service may not write to " + some_of(closed);
    check.mend = "--allow-writes writes a drop-in of bext.service that opens " + std::string(closed.size() == 1 ? "it" : "them") + "; or name files below /var, /run or /srv";
    return check;
}

std::string writes_drop_in(const std::string& before, const std::vector<std::string>& directories) {
    std::set<std::string> lines;
    for (auto line : split(before, '\n'))
        if (line.starts_with("ReadWritePaths=")) lines.emplace(line);
    for (auto& one : directories) lines.insert("ReadWritePaths=" + in_unit(one));
    std::string text = "# What the configuration of nginx writes and bext.service could not: bext nginx-takeover --allow-writes has made this.\n[Service]\n";
    for (auto& line : lines) text += line + "\n";
    return text;
}

Result<> allow_writes(sysd::Manager& manager, const std::vector<std::string>& directories) {
    if (auto done = write_durably(kBextWrites, writes_drop_in(read_small(kBextWrites), directories)); !done) return done;
    return manager.daemon_reload();
}

}  // namespace bext::takeover
