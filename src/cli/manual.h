// Manual: every command with its words, flags, defaults, examples and exit statuses, in one table. The command line is read by
// it, help is printed from it, and man pages and completions are made of it (man/make.py).
#pragma once

#include <string_view>
#include <vector>

namespace bext::cli {

enum class Kind {
    kOn,      // --name sets it
    kOff,     // --no-name takes it away
    kFile,    // a path follows
    kText,    // a word follows
    kNumber,  // a number from `least` to `most` follows
};

struct Flag {
    std::string_view name;      // as it is typed, without the dashes; one letter has one dash
    Kind kind = Kind::kOn;
    std::string_view value = {};     // what the value is called: "FILE"
    std::string_view standard = {};  // its value when it is not given; "" when the sentence below says what happens then
    std::string_view text = {};      // what it does
    int least = 0, most = 0;

    bool takes_value() const { return kind == Kind::kFile || kind == Kind::kText || kind == Kind::kNumber; }
};

struct Example {
    std::string_view line, text;
};

struct Status {
    int number;
    std::string_view text;
};

struct Command {
    std::string_view words;    // "nginx masquerade install"; a command that is spelled as a flag begins with its dashes
    std::string_view group;    // the heading that it stands under; "" hides it: another program of ours calls it
    std::string_view summary;  // a few words, as a completion shows them
    std::string_view text;     // what it does; an empty line ends a paragraph
    std::vector<const Flag*> flags;
    std::vector<Example> examples;
    std::vector<Status> statuses;
    const Flag* meant = nullptr;  // the flag that a stray word was probably meant for
};

struct Program {
    std::string_view name;
    std::string_view line;  // what it is
    std::string_view more;  // where else to look
    std::vector<Command> commands;
};

const Program& bext_manual();
const Program& server_manual();

/// The flags that every command has.
extern const Flag kHelpFlag, kVersionFlag;

}  // namespace bext::cli
