// Journal: what masquerade was about to do, one synced line before each step, so that whoever comes after a crash knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bext::masquerade {

/// One line: "1700000000 begin shim".
struct Entry {
    std::string word;  // install, uninstall, begin, done, undo, undone, made
    std::string text;  // a step, or for "made" the directory that was not there before

    bool operator==(const Entry&) const = default;
};

class Journal {
public:
    /// Reads what is there and is ready to add; makes the directory of the file, and that one's parent, when missing.
    static Result<Journal> open(const std::string& path);

    /// Adds a line; when this returns, the disk has it.
    Result<> add(std::string_view word, std::string_view text);

    const std::vector<Entry>& entries() const { return entries_; }
    bool has(std::string_view word, std::string_view text) const;

    /// Removes it, and the directories that it made when they are empty.
    Result<> remove();

private:
    explicit Journal(std::string path) : path_(std::move(path)) {}

    std::string path_;
    std::vector<Entry> entries_;
};

/// Whether the last run did not come to its end.
bool is_interrupted(const std::vector<Entry>& entries);

/// The entries of a journal's text; a last line that is not whole is none.
std::vector<Entry> parse_journal(std::string_view text);

}  // namespace bext::masquerade
