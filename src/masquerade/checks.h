// Checks: what must be right before anything is changed.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "masquerade/unit.h"

namespace bext::masquerade {

/// Everything that stands in the way of an install, one sentence each.
std::vector<std::string> hindrances(sysd::Manager& manager, const Settings& settings);

/// dpkg's lock, held until the result is gone; none on a system without dpkg, or when dpkg itself runs this program. An
/// error while dpkg works.
Result<Fd> hold_dpkg();

/// The lock against a second run of masquerade.
Result<Fd> hold_masquerade();

}  // namespace bext::masquerade
