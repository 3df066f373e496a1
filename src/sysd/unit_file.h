// Unit file: what decides whether a unit starts at boot, the links of System V's init included.
#pragma once

#include <string>

#include "base/result.h"

namespace bext::sysd {

/// `systemctl enable` and `disable`: also the links /etc/rc?.d/S01NAME of a service that has a script in /etc/init.d too,
/// which the calls over D-Bus leave as they are.
Result<> enable(const std::string& unit);
Result<> disable(const std::string& unit);

/// `systemctl is-enabled`, in its words: enabled, disabled, masked, …
Result<std::string> enabled_state(const std::string& unit);

}  // namespace bext::sysd
