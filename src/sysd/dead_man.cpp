#include "sysd/dead_man.h"

#include <stdlib.h>

#include "base/program.h"

namespace bext::sysd {
namespace {

constexpr int kRunTime = 60'000;  // ms
constexpr const char* kMark = "BEXT_DEAD_MAN";

}  // namespace

Result<> set_dead_man(const DeadMan& dead_man) {
    stop_dead_man(dead_man.unit);
    std::vector<std::string> words{"systemd-run", "--quiet", "--collect", "--unit=" + dead_man.unit, std::string("--setenv=") + kMark + "=1",
                                   "--on-active=" + std::to_string(dead_man.after_s), "--timer-property=AccuracySec=1s"};
    if (dead_man.again_s) words.push_back("--on-unit-inactive=" + std::to_string(dead_man.again_s));
    words.push_back(own_program());
    words.insert(words.end(), dead_man.words.begin(), dead_man.words.end());
    auto done = run_good(words, kRunTime);
    return done ? Result<>() : Result<>(done.error());
}

void stop_dead_man(const std::string& unit) { static_cast<void>(run_program({"systemctl", "--quiet", "stop", unit + ".timer"}, kRunTime)); }

bool is_dead_man() { return getenv(kMark) != nullptr; }

}  // namespace bext::sysd
