// Rehearse: bext-server as the worker of a rehearsal (docs/adr/0011-rehearsal.md), which can change nothing on the machine.
#pragma once

#include <string>

#include "loader/configuration.h"

namespace bext::cli {

/// Serves what comes over descriptor 3, by the Bundle of descriptor 4, and calls itself `identity` ("nginx/1.22.1").
int rehearse(const loader::Source& source, const std::string& identity);

}  // namespace bext::cli
