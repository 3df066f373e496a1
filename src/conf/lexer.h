// Lexer: nginx's tokens (ngx_conf_read_token): words, quoted words, escapes, ${variables}, comments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bext::conf {

/// How a directive ended.
enum class End { kSemicolon, kBlockOpens, kBlockCloses, kFile };

class Lexer {
public:
    /// `name` is the file as shown in messages; empty for the command line.
    Lexer(std::string name, std::string_view text) : name_(std::move(name)), text_(text) {}

    /// Reads one directive: its words, and how it ended. `words` is empty for kBlockCloses and kFile.
    Result<End> next(std::vector<std::string>& words);

    const std::string& name() const { return name_; }
    unsigned line() const { return line_; }
    /// " in FILE:LINE", as nginx ends its messages.
    std::string place() const;

private:
    struct State;
    Result<End> finish_file(bool inside, std::size_t start, char quote, unsigned start_line);

    std::string name_;
    std::string_view text_;
    std::size_t at_ = 0;
    unsigned line_ = 1;
};

}  // namespace bext::conf
