#include "takeover/accepted.h"

#include <time.h>

#include "base/text.h"
#include "takeover/disk.h"

namespace bext::takeover {
namespace {

constexpr std::size_t kMost = 200;
constexpr std::size_t kLongestReason = 500;  // bytes

bool same(const Acceptance& one, const Acceptance& other) {
    return one.server == other.server && one.location == other.location && one.what == other.what;
}

}  // namespace

std::vector<Acceptance> read_accepted(const std::string& path) {
    std::vector<Acceptance> all;
    auto text = read_small(path);
    for (auto line : split(text, '\n')) {
        auto fields = split(line, '\t');
        if (fields.size() != 5) continue;
        all.push_back({std::string(fields[1]), std::string(fields[2]), std::string(fields[3]), std::string(fields[4]),
                       static_cast<std::int64_t>(parse_decimal(fields[0]).value_or(0))});
    }
    return all;
}

Result<> accept(const std::string& path, const Acceptance& one) {
    auto all = read_accepted(path);
    std::erase_if(all, [&](auto& other) { return same(one, other); });
    if (all.size() >= kMost) return Error{std::to_string(kMost) + " differences are accepted already"};
    all.push_back(one);
    std::string text;
    for (auto& each : all)
        text += cat({std::to_string(each.time), "\t", one_line(each.server), "\t", one_line(each.location), "\t", one_line(each.what), "\t", one_line(each.reason), "\n"});
    return write_durably(path, text);
}

Result<Acceptance> acceptance_of(std::string_view body) {
    auto lines = split(body, '\n');
    if (lines.size() < 4) return Error{"server, location, difference and reason are wanted, a line each"};
    Acceptance one{one_line(lines[0]), one_line(lines[1]), one_line(lines[2]), std::string(trim(one_line(lines[3]))), ::time(nullptr)};
    if (one.reason.empty()) return Error{"say why the difference may be: the reason is kept"};
    if (one.reason.size() > kLongestReason) return Error{"a reason has at most " + std::to_string(kLongestReason) + " bytes"};
    return one;
}

}  // namespace bext::takeover
