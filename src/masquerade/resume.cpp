#include "masquerade/resume.h"

#include "masquerade/files.h"
#include "masquerade/journal.h"
#include "sysd/dead_man.h"

namespace bext::masquerade {
namespace {

const std::string kDeadMan = "bext-masquerade-deadman";
constexpr int kAfter = 90, kAgainAfter = 60;  // s; a run that is still at work then has the lock, and is left alone

}  // namespace

std::vector<std::string> words_of(Direction direction, const Settings& settings) {
    std::vector<std::string> words{"nginx", "masquerade", direction == Direction::kInstall ? "install" : "uninstall",
                                   "--bext-bin", settings.bext_bin, "--shim-bin", settings.shim_bin, "--shim-source", settings.shim_source};
    if (!settings.pid_file.empty()) words.insert(words.end(), {"--pid-file", settings.pid_file});
    if (direction == Direction::kInstall && !settings.nginx_config.empty()) words.insert(words.end(), {"--nginx-config", settings.nginx_config});
    if (!settings.now) words.push_back("--no-now");
    return words;
}

std::string unfinished(const Settings& settings) {
    auto text = read_file(settings.journal());
    if (!text || !*text) return "";
    auto entries = parse_journal(**text);
    if (!is_interrupted(entries)) return "";
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
        if (entry->word == "install" || entry->word == "uninstall") return entry->word;
    return "";
}

Watch::Watch(Direction direction, const Settings& settings) {
    if (sysd::is_dead_man()) {  // the timer that runs this stands until the end
        done_ = unfinished(settings).empty();
    } else if (auto set = sysd::set_dead_man({kDeadMan, kAfter, kAgainAfter, words_of(direction, settings)}); !set) {
        trouble_ = set.error().text;
    }
}

Watch::~Watch() { sysd::stop_dead_man(kDeadMan); }

}  // namespace bext::masquerade
