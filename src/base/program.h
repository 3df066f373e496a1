// Program: runs another program to its end and keeps what it printed; which one this is.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bext {

/// What a program left. `status` is its exit status, or 128 and the number of the signal that ended it.
struct Ended {
    int status = 0;
    std::string out;
    std::string err;

    /// The first line that says something, of stderr before stdout; "status N" when it was silent.
    std::string reason() const;
};

/// The path of the program that runs.
std::string own_program();

/// Runs `words` (the program is looked for in PATH) with an empty standard input. After `timeout_ms` milliseconds it is
/// killed, which is an error, as is a program that is not there.
Result<Ended> run_program(const std::vector<std::string>& words, int timeout_ms);

/// The same; a status other than 0 is an error with the program's own words.
Result<Ended> run_good(const std::vector<std::string>& words, int timeout_ms);

}  // namespace bext
