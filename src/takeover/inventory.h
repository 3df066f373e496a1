// Inventory: what a configuration serves, as JSON for the dashboard: names with certificates, upstreams, warnings.
#pragma once

#include <string>

#include "takeover/checks.h"

namespace bext::takeover {

/// {"file":…,"directives":…,"listens":[…],"servers":[{"names":[…],"listens":[…],"place":…,"certificate":…,"days_left":…}],
///  "upstreams":[{"name":…,"place":…,"servers":[BACKEND…]}],"backends":[BACKEND…],"certificates":[{"file":…,"place":…,"names":[…],"days_left":…}],"warnings":[…]}, a BACKEND being
///  {"address":…,"place":…,"state":"up|down|unknown","reason":…}; "backends" are those that a *_pass names directly.
std::string inventory_of(const Subject& subject);

}  // namespace bext::takeover
