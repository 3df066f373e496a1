// Here: whether an address is one of this machine's now. A floating one may be another machine's, which would answer in its place.
#pragma once

#include <string>
#include <vector>

#include "net/address.h"
#include "takeover/probe.h"

namespace bext::takeover {

/// Whether what is sent to the address stays on this machine, as the kernel's routes say (rtnetlink(7)); true when they cannot be asked.
bool is_here(const net::Address& address);

/// Takes the targets out whose address is not here, and tells their addresses.
std::vector<std::string> remove_absent(std::vector<Target>& targets);

}  // namespace bext::takeover
