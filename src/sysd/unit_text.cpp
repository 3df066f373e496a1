#include "sysd/unit_text.h"

#include <string_view>

#include "base/text.h"

namespace bext::sysd {
namespace {

/// Adds the words of one command line of systemd's: blanks part them, quotes keep them together.
std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    bool inside = false;
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        char c = line[i];
        if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? '\0' : c;
        } else if (!quote && (c == ' ' || c == '\t')) {
            inside = false;
            continue;
        }
        if (!inside) words.emplace_back();
        inside = true;
        if (c == quote || ((c == '"' || c == '\'') && !quote)) continue;
        if (c == '\\' && i + 1 < line.size()) c = line[++i];
        words.back() += c;
    }
    return words;
}

/// The lines of a unit file, with continued ones joined.
std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines(1);
    for (auto line : split(text, '\n')) {
        bool continued = line.ends_with('\\');
        lines.back() += continued ? std::string(line.substr(0, line.size() - 1)) + " " : std::string(line);
        if (!continued) lines.emplace_back();
    }
    return lines;
}

}  // namespace

std::vector<std::string> start_words_in(const std::vector<std::string>& texts) {
    std::vector<std::string> words;
    for (auto& text : texts)
        for (auto& line : lines_of(text)) {
            auto equals = line.find('=');
            if (equals == std::string::npos || trim(std::string_view(line).substr(0, equals)) != "ExecStart") continue;
            words = words_of(trim(std::string_view(line).substr(equals + 1)));
        }
    if (!words.empty()) words.front().erase(0, words.front().find_first_not_of("@-:+!"));
    return words;
}

}  // namespace bext::sysd
