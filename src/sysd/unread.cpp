#include "sysd/unread.h"

#include <dirent.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include "base/text.h"
#include "sysd/unit_text.h"

namespace bext::sysd {
namespace {

using Named = std::map<std::string, std::string>;  // the last part of a path -> the path

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The directories of drop-ins of a unit below each directory of units: its own, those of the starts of its name, that of its kind.
std::vector<std::string> drop_in_names(const std::string& name) {
    auto dot = name.rfind('.');
    auto kind = name.substr(dot + 1);
    std::vector<std::string> names{name + ".d"};
    for (auto dash = name.rfind('-', dot); dash != std::string::npos && dash > 0; dash = name.rfind('-', dash - 1))
        names.push_back(cat({name.substr(0, dash + 1), ".", kind, ".d"}));
    names.push_back(cat({kind, ".d"}));
    return names;
}

Named drop_ins_of(const std::string& name, const std::vector<std::string>& directories) {
    Named found;
    for (auto& part : drop_in_names(name))
        for (auto& directory : directories) {
            auto path = directory + "/" + part;
            std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(path.c_str()), closedir);
            for (auto* entry = open ? readdir(open.get()) : nullptr; entry; entry = readdir(open.get()))
                if (std::string(entry->d_name).ends_with(".conf")) found.try_emplace(entry->d_name, path + "/" + entry->d_name);
        }
    return found;
}

bool same_file(const std::string& a, const std::string& b) {
    struct stat first {}, second {};
    return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

std::string other_drop_ins(const std::string& name, const Unit& unit, const Loading& loading) {
    auto there = drop_ins_of(name, loading.directories);
    Named read;
    for (auto& path : unit.drop_in_paths) read[last_part(path)] = path;
    for (auto& [part, path] : there)
        if (!read.contains(part)) return path + " is not read yet";
    for (auto& [part, path] : read)
        if (!there.contains(part) || !same_file(there[part], path)) return path + " is read, and gone";
    return "";
}

/// Words that systemd changes when it reads them cannot be compared.
bool is_plain(const std::vector<std::string>& words) {
    for (auto& word : words)
        if (word.find_first_of("%\\$") != std::string::npos) return false;
    return !words.empty();
}

}  // namespace

std::string unread(const std::string& name, const Unit& unit, const Loading& loading, const std::vector<std::string>& start) {
    if (auto other = other_drop_ins(name, unit, loading); !other.empty()) return other;
    std::vector<std::string> paths{unit.fragment_path}, texts;
    paths.insert(paths.end(), unit.drop_in_paths.begin(), unit.drop_in_paths.end());
    for (auto& path : paths) {
        if (path.empty()) continue;
        struct stat facts {};
        if (stat(path.c_str(), &facts) != 0) return path + " is read, and gone";
        if (std::int64_t{facts.st_mtim.tv_sec} * 1'000'000 + facts.st_mtim.tv_nsec / 1000 > loading.when_us) return path + " was changed since it was read";
        texts.push_back(text_of(path));
    }
    auto words = start_words_in(texts);
    if (is_plain(words) && !start.empty() && words != start) return "what " + name + " starts is another on the disk";
    return "";
}

}  // namespace bext::sysd
