// Doctor: does what other programs do with nginx, and tells which of them would stumble, and the mend.
#pragma once

#include <string>
#include <vector>

#include "masquerade/settings.h"

namespace bext::masquerade {

enum class Verdict { kPass, kFail, kSkip };

struct Finding {
    std::string name;   // "certbot: nginx -V"
    Verdict verdict = Verdict::kPass;
    std::string what;   // what was seen
    std::string mend;   // for a failure: what to do
};

/// All checks. Those that act on the server (reload, rotate, upgrade) only when `act`.
std::vector<Finding> examine(const Settings& settings, bool act);

/// Whether none has failed.
bool is_well(const std::vector<Finding>& findings);

std::string findings_text(const std::vector<Finding>& findings);
std::string findings_json(const std::vector<Finding>& findings);

}  // namespace bext::masquerade
