// Sandbox: which of the files that a configuration has written bext.service may not write. systemd.exec(5)
#pragma once

#include <string>
#include <vector>

#include "takeover/checks.h"

namespace bext::takeover {

/// The directories that have to be opened for it; none when there is nothing to do.
std::vector<std::string> closed_directories(const loader::Configuration& configuration, const Survey& survey, const sysd::Sandbox& sandbox);
/// The same of what was looked at; none when systemd cannot be asked.
std::vector<std::string> closed_directories(const Subject& subject);

/// A drop-in of bext.service that lets it write there, besides what an earlier one of ours names. `before`: its text.
std::string writes_drop_in(const std::string& before, const std::vector<std::string>& directories);
/// Puts it into force.
Result<> allow_writes(sysd::Manager& manager, const std::vector<std::string>& directories);

}  // namespace bext::takeover
