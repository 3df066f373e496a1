// Diversion: nginx moves aside and the shim takes its place, without a moment in which the name is missing; dpkg knows, so
// that nginx's next package lands where nginx is. dpkg-divert(1)
#pragma once

#include <string>
#include <string_view>

#include "masquerade/settings.h"
#include "masquerade/steps.h"

namespace bext::masquerade {

/// dpkg's record; absent for good on systems without dpkg.
Step diversion_step(const Settings& settings);

/// nginx under its other name, the shim under nginx's.
Step shim_step(const Settings& settings);

/// Whether a program's content is that of a shim, of whatever version.
bool is_shim(std::string_view program);
bool is_shim_file(const std::string& path);

/// Whom dpkg's diversion of the file belongs to, "" when there is none; "LOCAL" is the administrator's.
Result<std::string> diverted_by(const Settings& settings);

/// The package that owns the diversion.
inline constexpr const char* kPackage = "bext";

}  // namespace bext::masquerade
