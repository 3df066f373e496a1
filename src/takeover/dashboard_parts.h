// The parts of the dashboard's page, each text in a file of its own.
#pragma once

namespace bext::takeover {

extern const char* const kDashboardStyle;
extern const char* const kDashboardScript;

}  // namespace bext::takeover
