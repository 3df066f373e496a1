#include "takeover/nginx.h"

#include "base/program.h"
#include "base/text.h"
#include "sysd/unit_text.h"
#include "takeover/disk.h"
#include "takeover/gates.h"
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
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
        if (words[i] == option) return std::string(words[i + 1]);
    return "";
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
    if (nginx.program.empty()) nginx.program = nginx.words.front();
    nginx.masquerade = is_bext(nginx.program);
    nginx.version = version_of(nginx.program);
    nginx.source.conf_file = conf_file.empty() ? option_in(nginx.title, "-c") : conf_file;
    nginx.source.prefix = option_in(nginx.title, "-p");
    return nginx;
}

Result<> nginx_accepts(const Nginx& nginx) {
    std::vector<std::string> words{nginx.program};
    if (nginx.masquerade) words.emplace_back("--as-nginx");
    words.insert(words.end(), {"-t", "-q"});
    if (nginx.masquerade && !nginx.source.conf_file.empty()) words.insert(words.end(), {"-c", nginx.source.conf_file});
    if (!nginx.masquerade && !nginx.running()) words.insert(words.end(), nginx.words.begin() + 1, nginx.words.end());
    if (auto file = option_in(nginx.title, "-c"); !file.empty()) words.insert(words.end(), {"-c", file});
    if (!nginx.source.prefix.empty()) words.insert(words.end(), {"-p", nginx.source.prefix});
    auto done = run_good(words, kTime);
    if (!done) return done.error();
    return {};
}

}  // namespace bext::takeover
