#include "takeover/nginx.h"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "base/program.h"
#include "base/text.h"
#include "sysd/unit_text.h"
#include "takeover/disk.h"
#include "takeover/places.h"
#include "takeover/process.h"

namespace bext::takeover {
namespace {

constexpr int kNginxTime = 20'000;  // ms

std::string version_of(const std::string& program) {
    auto done = run_program({program, "-v"}, kNginxTime);
    if (!done) return "";
    auto at = done->err.find("nginx/");
    if (at == std::string::npos) return "";
    return done->err.substr(at, done->err.find_first_of("\r\n", at) - at);
}

}  // namespace

std::string option_in(const std::string& title, const std::string& option) {
    auto words = split(title, ' ');
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == option && i + 1 < words.size()) return std::string(words[i + 1]);
        if (words[i].starts_with(option) && words[i].size() > option.size()) return std::string(words[i].substr(option.size()));  // "-cFILE"
    }
    return "";
}

pid_t nginx_outside() {
    std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc"), closedir);
    while (auto* entry = directory ? readdir(directory.get()) : nullptr) {
        auto pid = parse_decimal(entry->d_name, INT32_MAX);
        if (!pid || !read_small(cat({"/proc/", entry->d_name, "/cmdline"})).starts_with("nginx: master process")) continue;
        auto process = Process::find(static_cast<pid_t>(*pid));
        if (process && !is_bext(process->program())) return process->pid();
    }
    return 0;
}

std::vector<std::string> own_words(const sysd::Unit& unit) {
    std::vector<std::string> paths{unit.fragment_path}, texts;
    paths.insert(paths.end(), unit.drop_in_paths.begin(), unit.drop_in_paths.end());
    for (auto& path : paths) {
        auto text = path.empty() ? std::string() : read_small(path);
        auto words = sysd::start_words_in({text});
        if (words.size() < 2 || words[1] != kServeOn) texts.push_back(std::move(text));
    }
    return sysd::start_words_in(texts);
}

bool is_bext(const std::string& program) { return program.ends_with("/bext-server"); }

Result<Nginx> find_nginx(sysd::Manager& manager, const std::string& conf_file) {
    auto unit = manager.unit(kNginx);
    if (!unit) return unit.error();
    Nginx nginx;
    nginx.unit = *std::move(unit);
    if (nginx.unit.active() && nginx.unit.main_pid > 0) {
        auto process = Process::find(nginx.unit.main_pid);
        if (process && process->program() != own_program()) {  // that one only starts it
            nginx.program = process->program();
            if (!is_bext(nginx.program)) nginx.master = process->pid();
            for (auto& word : command_line(process->pid())) nginx.title += (nginx.title.empty() ? "" : " ") + word;
        }
    }
    nginx.words = own_words(nginx.unit);
    if (nginx.words.empty()) nginx.words = {"/usr/sbin/nginx"};
    std::string line;
    for (std::size_t i = 1; i < nginx.words.size(); ++i) line += " " + nginx.words[i];
    if (nginx.words.front().ends_with("/nginx")) nginx.unit_conf = option_in(line, "-c");
    if (nginx.program.empty()) {
        nginx.program = nginx.words.front();
        nginx.title = line;
    }
    if (!nginx.master && !is_bext(nginx.program)) nginx.outside = nginx_outside();
    nginx.masquerade = is_bext(nginx.program);
    nginx.version = version_of(nginx.program);
    if (auto version = NginxVersion::parse(nginx.version)) {
        nginx.source.compatible = followed(*version);
        nginx.source.compatible_from = "takeover";
    }
    nginx.source.conf_file = conf_file.empty() ? option_in(nginx.title, "-c") : conf_file;
    nginx.source.prefix = option_in(nginx.title, "-p");
    return nginx;
}

std::string only_absent(const std::string& said) {
    constexpr std::string_view kMark = "[emerg] ", kBind = "bind() to ", kAbsent = " failed (99: ";
    std::string found;
    if (said.find("syntax is ok") == std::string::npos) return "";
    for (auto line : split(said, '\n')) {
        auto at = line.find(kMark);
        if (at == std::string_view::npos) continue;
        auto text = line.substr(at + kMark.size());
        text.remove_prefix(std::min(text.size(), text.find_first_not_of("0123456789#: ")));  // "7#7: ", once it knows of its error log
        if (!text.starts_with(kBind) || text.find(kAbsent) == std::string_view::npos) return "";
        found += cat({found.empty() ? "" : "; ", text});
    }
    return found;
}

Result<std::string> nginx_accepts(const Nginx& nginx) {
    std::vector<std::string> words{nginx.program};
    if (nginx.masquerade) words.emplace_back("--as-nginx");
    words.emplace_back("-t");
    if (nginx.masquerade && !nginx.source.conf_file.empty()) words.insert(words.end(), {"-c", nginx.source.conf_file});
    if (!nginx.masquerade && !nginx.running()) words.insert(words.end(), nginx.words.begin() + 1, nginx.words.end());
    if (auto file = option_in(nginx.title, "-c"); !file.empty()) words.insert(words.end(), {"-c", file});
    if (!nginx.source.prefix.empty()) words.insert(words.end(), {"-p", nginx.source.prefix});
    auto done = run_program(words, kNginxTime);
    if (!done) return done.error();
    if (done->status == 0) return std::string();
    if (auto absent = only_absent(done->err); !absent.empty()) return absent;
    auto at = done->err.find("[emerg]");
    return Error{cat({"\"", words.front(), "\" failed: ", at == std::string::npos ? done->reason() : done->err.substr(at, done->err.find('\n', at) - at)})};
}

}  // namespace bext::takeover
