// DeadMan: a timer of systemd that runs a command of this program should the process that set it die in the middle. systemd-run(1)
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace bext::sysd {

struct DeadMan {
    std::string unit;                // its name, without .timer
    int after_s = 0;
    int again_s = 0;                 // after an end of the command that did not stop the timer; 0: never
    std::vector<std::string> words;  // of this program
};

/// Sets it, in place of one of the same name.
Result<> set_dead_man(const DeadMan& dead_man);
void stop_dead_man(const std::string& unit);

/// Whether this process is what one of them runs.
bool is_dead_man();

}  // namespace bext::sysd
