// Server: the roles of bext-server, wired together: the check, the supervisor with its loader and worker.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/configuration.h"

namespace bext::cli {

struct ServeOptions {
    loader::Source source;
    std::vector<std::string> argv;       // for the title
    std::vector<std::string> exec_argv;  // as the process was executed
    std::string binary;
    bool masquerade = false;  // stand in for nginx: its name, its signals' meaning
    bool foreground = false;
};

/// `-t` and `-T`: reads the configuration as serving would; 0 or 1.
int check(const loader::Source& source, bool dump, bool quiet);
/// Runs the service; the exit status.
int serve(const ServeOptions& options);
/// What nginx's own command line asks for: the shim hands it on unchanged.
int as_nginx(int argc, char** argv, const ServeOptions& process);

}  // namespace bext::cli
