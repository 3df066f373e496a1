// Failpoint: for tests: the process ends, is killed or hangs right before a step, as BEXT_FAILPOINT=STEP:exit|kill|hang|fail says.
#pragma once

#include <string_view>

#include "base/result.h"

namespace bext::takeover {

/// Does what the environment asks for at this step; an error for "fail".
Result<> failpoint(std::string_view step);

}  // namespace bext::takeover
