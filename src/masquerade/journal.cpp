#include "masquerade/journal.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"
#include "base/text.h"
#include "masquerade/files.h"

namespace bext::masquerade {

std::vector<Entry> parse_journal(std::string_view text) {
    std::vector<Entry> entries;
    for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
        auto line = text.substr(0, end);
        auto first = line.find(' ');
        auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
        if (second == std::string_view::npos) continue;
        entries.push_back({std::string(line.substr(first + 1, second - first - 1)), std::string(line.substr(second + 1))});
    }
    return entries;
}

Result<Journal> Journal::open(const std::string& path) {
    Journal journal(path);
    auto own = directory_of(path), parent = directory_of(own);
    auto made_parent = make_directory(parent);
    if (!made_parent) return made_parent.error();
    auto made_own = make_directory(own);
    if (!made_own) return made_own.error();
    auto text = read_file(path);
    if (!text) return text.error();
    journal.entries_ = parse_journal(text->value_or(""));
    if (*made_parent)
        if (auto added = journal.add("made", parent); !added) return added.error();
    return journal;
}

Result<> Journal::add(std::string_view word, std::string_view text) {
    auto before = read_file(path_);
    if (!before) return before.error();
    auto whole = before->value_or("");
    auto end = whole.rfind('\n');
    whole.resize(end == std::string::npos ? 0 : end + 1);
    whole += cat({std::to_string(::time(nullptr)), " ", word, " ", text, "\n"});
    if (auto written = replace_file(path_, whole, 0644); !written) return written;
    entries_.push_back({std::string(word), std::string(text)});
    return {};
}

bool Journal::has(std::string_view word, std::string_view text) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& one) { return one.word == word && one.text == text; });
}

bool is_interrupted(const std::vector<Entry>& entries) { return !entries.empty() && entries.back().word != "installed"; }

Result<> Journal::remove() {
    if (auto removed = remove_file(path_); !removed) return removed.error();
    auto own = directory_of(path_), parent = directory_of(own);
    if (auto removed = remove_directory(own); !removed) return removed;
    return has("made", parent) ? remove_directory(parent) : Result<>();
}

}  // namespace bext::masquerade
