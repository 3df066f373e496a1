// Title: what ps and /proc show of a process.
#pragma once

#include <string_view>

namespace bext::supervisor {

/// Makes room for titles where the kernel keeps the command line; the environment moves away. Call it once, first.
void keep_title_space(int argc, char** argv);

/// Shows `title` as the command line; does nothing without keep_title_space().
void set_title(std::string_view title);

/// Sets the kernel's name of the process (comm, 15 bytes), which start-stop-daemon and fail2ban match.
void set_comm(std::string_view name);

}  // namespace bext::supervisor
