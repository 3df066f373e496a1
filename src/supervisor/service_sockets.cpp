#include "supervisor/service_sockets.h"

#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "supervisor/report.h"

namespace bext::supervisor {

std::vector<Fd> sockets_from_service_manager() {
    char** names = nullptr;
    int count = sd_listen_fds_with_names(1, &names);
    std::vector<Fd> fds;
    if (count < 0) {
        report(Level::kCrit, std::string("the sockets of the service manager cannot be used: ") + std::strerror(-count));
        return fds;
    }
    for (int i = 0; i < count; ++i) {
        fds.emplace_back(SD_LISTEN_FDS_START + i);
        report(Level::kNotice, "using the socket #" + std::to_string(fds.back().get()) + " of the service manager, \"" + names[i] + "\"");
        free(names[i]);
    }
    free(names);
    return fds;
}

}  // namespace bext::supervisor
