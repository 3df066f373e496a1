// The flags that both programs have.
#pragma once

#include "cli/manual.h"

namespace bext::cli {

inline constexpr Flag kPidFile{.name = "pid-file", .kind = Kind::kFile, .value = "FILE",
    .text = "The pid file that names the server. Without it: $BEXT_PID_FILE, else the first of /run/bext.pid, /run/nginx.pid and "
            "/tmp/bext.pid that names a bext-server."};
inline constexpr Flag kBinary{.name = "binary", .kind = Kind::kFile, .value = "FILE",
    .text = "Tests whether FILE runs and accepts the configuration, and puts it in the place of the running binary, which is kept beside "
            "it as bext-server.prev. When the upgrade fails, that one is put back. Without it: what is in that place now is executed."};
inline constexpr Flag kWait{.name = "wait", .kind = Kind::kOff,
    .text = "Only asks for it, and does not wait for the outcome."};
inline constexpr Flag kJson{.name = "json", .text = "Prints JSON."};

}  // namespace bext::cli
