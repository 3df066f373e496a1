// Reader: applies a configuration file, as it is read, to the blocks (ngx_conf_parse). Errors are nginx's, with place.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "conf/block.h"
#include "conf/cursor.h"
#include "conf/files.h"
#include "conf/lexer.h"

namespace bext::conf {

struct Paths {
    std::string prefix;       // ends in a slash
    std::string conf_prefix;  // directory of the configuration file, ends in a slash
    std::string conf_file;    // absolute
};

class Reader {
public:
    /// `refusal(name)` says why a directive that exists elsewhere is refused, "" of one that nobody knows; `log` gets whole lines
    /// ("[warn] … in FILE:LINE").
    struct Hooks {
        std::function<std::string(std::string_view)> refusal;
        std::function<void(std::string)> log;
    };

    Reader(const Registry& registry, Files& files, Paths paths, Hooks hooks, void* owner)
        : registry_(registry), files_(files), paths_(std::move(paths)), hooks_(std::move(hooks)), owner_(owner) {}

    /// Reads the directives of the -g option. The error has nginx's text without the "[emerg] " prefix.
    Result<> read_command_line(const std::string& directives, Block& main);
    /// Reads the whole configuration file.
    Result<> read_file(Block& main);
    /// Reads a file of entries or directives into the current block: what `include` does.
    Status include(Cursor& at, const std::string& path);

    /// Files in the order in which they were read, for -T.
    const std::vector<std::string>& dumped() const { return dumped_; }
    const Paths& paths() const { return paths_; }
    /// Whether a directive that fills that record was given.
    bool used(const Record& record) const { return used_.contains(&record); }

private:
    friend class Cursor;
    using Entries = std::function<Status(const std::vector<std::string>&)>;

    Status read_directives(Lexer& lexer, Block& block, std::uint32_t context, bool nested);
    Status read_entries(Lexer& lexer, const Entries& entry, bool nested);
    Status read_path(const std::string& path, const std::function<Status(Lexer&)>& body);
    Status apply(Block& block, std::uint32_t context, const std::vector<std::string>& words, End end);
    Status apply_one(const Directive& directive, Cursor& at, End end);
    std::string message(const Refusal& refusal, std::string_view name) const;

    const Registry& registry_;
    Files& files_;
    Paths paths_;
    Hooks hooks_;
    void* owner_;
    Lexer* lexer_ = nullptr;
    std::vector<std::string> dumped_;
    std::set<const Record*> used_;
    int depth_ = 0;
};

}  // namespace bext::conf
