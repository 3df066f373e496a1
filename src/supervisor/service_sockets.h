// Service sockets: the descriptors that systemd starts this process with, from socket units and from its fd store.
#pragma once

#include <vector>

#include "base/fd.h"

namespace bext::supervisor {

/// The descriptors of LISTEN_FDS when LISTEN_PID means this process, closed on exec; see sd_listen_fds_with_names(3).
/// The variables are removed in any case: they mean no other process.
std::vector<Fd> sockets_from_service_manager();

}  // namespace bext::supervisor
