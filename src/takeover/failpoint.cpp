#include "takeover/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/text.h"
#include "takeover/disk.h"

namespace bext::takeover {

namespace {

const std::string kPause = "/run/bext/failpoint";

void wait_for_removal() {
    if (!write_durably(kPause, "")) return;
    while (exists(kPause)) usleep(10'000);
}

}  // namespace

Result<> failpoint(std::string_view step) {
    const char* asked = getenv("BEXT_FAILPOINT");
    if (!asked) return {};
    auto words = split(asked, ':');
    if (words.size() != 2 || words[0] != step) return {};
    if (words[1] == "exit") _exit(70);
    if (words[1] == "kill") kill(getpid(), SIGKILL);
    while (words[1] == "hang") pause();
    if (words[1] == "pause") wait_for_removal();
    if (words[1] == "enospc") pretend_full();
    if (words[1] == "fail") return Error{"the step " + std::string(step) + " was told to fail"};
    return {};
}

}  // namespace bext::takeover
