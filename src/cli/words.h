// Words: a command line, read by the manual.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/manual.h"

namespace bext::cli {

struct Invocation {
    const Command* command = nullptr;            // null: none was named
    std::string topic;                           // with help: the words that several commands begin with
    std::map<std::string, std::string> values;   // of the flags that were given; a flag without a value has "true" or "false"
    bool help = false, version = false;

    bool is(std::string_view words) const { return command && command->words == words; }
};

/// Reads `argv` from its second word on. The error names the word that is wrong, and the nearest one that is known.
/// Flags are also known with underscores and with one dash, and those that take something away also as --noNAME.
Result<Invocation> read_words(const Program& program, int argc, const char* const* argv);

/// As it is typed: "--pid-file", "--no-wait", "-c".
std::string typed(const Flag& flag);

/// Of `known`, the one that `word` was probably meant to be; "" when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace bext::cli
