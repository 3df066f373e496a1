// Unread: what of a unit's files systemd has not read yet. systemd.unit(5), org.freedesktop.systemd1(5)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sysd/manager.h"

namespace bext::sysd {

/// What systemd says of its reading of unit files.
struct Loading {
    std::vector<std::string> directories;  // where unit files are, the first wins
    std::int64_t when_us = 0;              // of the last time, since 1970
};

/// In words what of the unit is other on the disk than it was read, "" when nothing is: its file, its drop-ins, their times, what is
/// started. `start`: the words of ExecStart= as systemd has them.
std::string unread(const std::string& name, const Unit& unit, const Loading& loading, const std::vector<std::string>& start);

}  // namespace bext::sysd
