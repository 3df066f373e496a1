#include "sysd/unit_file.h"

#include "base/program.h"

namespace bext::sysd {
namespace {

constexpr int kTime = 60'000;  // ms

Result<> systemctl(const char* verb, const std::string& unit) {
    auto done = run_good({"systemctl", "--quiet", verb, unit}, kTime);
    if (!done) return Error{std::string("systemctl ") + verb + " " + unit + ": " + done.error().text};
    return {};
}

}  // namespace

Result<> enable(const std::string& unit) { return systemctl("enable", unit); }

Result<> disable(const std::string& unit) { return systemctl("disable", unit); }

Result<std::string> enabled_state(const std::string& unit) {
    auto done = run_program({"systemctl", "is-enabled", unit}, kTime);  // its status is not 0 for "disabled"
    if (!done) return done.error();
    auto word = done->out.substr(0, done->out.find('\n'));
    if (word.empty()) return Error{"systemctl is-enabled " + unit + ": " + done->reason()};
    return word;
}

}  // namespace bext::sysd
