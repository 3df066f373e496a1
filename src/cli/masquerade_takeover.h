// Masquerade and takeover: masquerade where a takeover may have come before. docs/masquerade.md
#pragma once

#include "masquerade/masquerade.h"

namespace bext::cli {

/// masquerade::install(). After a takeover the sockets go from bext.service to nginx.service, which is bext by then, as a
/// rollback would give them to nginx; the takeover has ended with that.
Result<> install_after_takeover(masquerade::Settings settings, bool dry_run, const masquerade::Report& report);

/// masquerade::uninstall(), which also says when it is not masquerade that serves.
Result<> uninstall_after_takeover(const masquerade::Settings& settings, bool dry_run, const masquerade::Report& report);

}  // namespace bext::cli
