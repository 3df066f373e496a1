// Failpoint: for tests: right before a step the process ends, is killed, hangs or fails, finds the disk full from then on, or
// waits until the file /run/bext/failpoint, which it makes, is removed: BEXT_FAILPOINT=STEP:exit|kill|hang|fail|enospc|pause.
#pragma once

#include <string_view>

#include "base/result.h"

namespace bext::takeover {

/// Does what the environment asks for at this step; an error for "fail".
Result<> failpoint(std::string_view step);

}  // namespace bext::takeover
