#include "takeover/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/text.h"

namespace bext::takeover {

Result<> failpoint(std::string_view step) {
    const char* asked = getenv("BEXT_FAILPOINT");
    if (!asked) return {};
    auto words = split(asked, ':');
    if (words.size() != 2 || words[0] != step) return {};
    if (words[1] == "exit") _exit(70);
    if (words[1] == "kill") kill(getpid(), SIGKILL);
    while (words[1] == "hang") pause();
    if (words[1] == "fail") return Error{"the step " + std::string(step) + " was told to fail"};
    return {};
}

}  // namespace bext::takeover
