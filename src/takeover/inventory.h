// Inventory: what a configuration serves, as JSON for the dashboard: names with certificates, upstreams, warnings.
#pragma once

#include <string>

#include "takeover/checks.h"

namespace bext::takeover {

/// {"file":…,"listens":[…],"servers":[{"names":[…],"listens":[…],"place":…,"certificate":…,"days_left":…}],
///  "upstreams":[{"name":…,"place":…,"servers":[…]}],"warnings":[…]}
std::string inventory_of(const Subject& subject);

}  // namespace bext::takeover
