// Unit text: what the files of a unit say, whatever systemd has loaded. See systemd.service(5), systemd.unit(5)
#pragma once

#include <string>
#include <vector>

namespace bext::sysd {

/// The words of the last ExecStart= of a unit, given the texts of its file and of its drop-ins in their order.
std::vector<std::string> start_words_in(const std::vector<std::string>& texts);

}  // namespace bext::sysd
