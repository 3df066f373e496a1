#include "takeover/nginx.h"

#include <dirent.h>

#include <algorithm>
#include <memory>

#include "base/program.h"
#include "base/text.h"
#include "takeover/disk.h"
#include "takeover/places.h"
#include "takeover/process.h"

namespace bext::takeover {
namespace {

constexpr int kTime = 20'000;  // ms

std::string version_of(const std::string& program) {
    auto done = run_program({program, "-v"}, kTime);
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

bool is_bext(const std::string& program) { return program.ends_with("/bext-server"); }

Result<Nginx> find_nginx(sysd::Manager& manager, const std::string& conf_file) {
    auto unit = manager.unit(kNginx);
    if (!unit) return unit.error();
    Nginx nginx;
    nginx.unit = *std::move(unit);
    if (nginx.unit.active() && nginx.unit.main_pid > 0) {
        auto process = Process::find(nginx.unit.main_pid);
        if (process) {
            nginx.program = process->program();
            if (!is_bext(nginx.program)) nginx.master = process->pid();
            for (auto& word : command_line(process->pid())) nginx.title += (nginx.title.empty() ? "" : " ") + word;
        }
    }
    auto words = manager.start_words(kNginx);
    std::string starts = words && !words->empty() ? words->front() : "/usr/sbin/nginx", line;
    for (std::size_t i = 1; words && i < words->size(); ++i) line += " " + (*words)[i];
    if (starts.ends_with("/nginx")) nginx.unit_conf = option_in(line, "-c");
    if (nginx.program.empty()) {
        nginx.program = starts;
        nginx.title = line;
    }
    if (!nginx.master && !is_bext(nginx.program)) nginx.outside = nginx_outside();
    nginx.masquerade = is_bext(nginx.program);
    nginx.version = version_of(nginx.program);
    if (auto version = NginxVersion::parse(nginx.version)) {
        nginx.source.compatible = std::max(*version, kOldestNginx);
        nginx.source.compatible_from = "takeover";
    }
    nginx.source.conf_file = conf_file.empty() ? option_in(nginx.title, "-c") : conf_file;
    nginx.source.prefix = option_in(nginx.title, "-p");
    return nginx;
}

Result<> nginx_accepts(const Nginx& nginx) {
    std::vector<std::string> words{nginx.program};
    if (nginx.masquerade) words.emplace_back("--as-nginx");
    words.insert(words.end(), {"-t", "-q"});
    if (nginx.masquerade && !nginx.source.conf_file.empty()) words.insert(words.end(), {"-c", nginx.source.conf_file});
    if (auto file = option_in(nginx.title, "-c"); !file.empty()) words.insert(words.end(), {"-c", file});
    if (!nginx.source.prefix.empty()) words.insert(words.end(), {"-p", nginx.source.prefix});
    auto done = run_good(words, kTime);
    if (!done) return done.error();
    return {};
}

}  // namespace bext::takeover
