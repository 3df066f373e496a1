#include "conf/units.h"

#include "base/text.h"

namespace bext::conf {
namespace {

std::optional<std::int64_t> scaled(std::string_view text, bool giga) {
    std::int64_t scale = 1;
    if (!text.empty()) {
        switch (text.back()) {
            case 'K':
            case 'k': scale = 1024; break;
            case 'M':
            case 'm': scale = 1024 * 1024; break;
            case 'G':
            case 'g':
                if (giga) scale = 1024 * 1024 * 1024;
                break;
            default: break;
        }
        if (scale != 1) text.remove_suffix(1);
    }
    auto number = parse_decimal(text, static_cast<std::uint64_t>(INT64_MAX / scale));
    if (!number) return std::nullopt;
    return static_cast<std::int64_t>(*number) * scale;
}

struct Unit {
    int rank;  // units come in falling order: year 0 … millisecond 7
    std::uint64_t milliseconds;
};

/// The unit that begins at `text[at]`; moves `at` behind it.
std::optional<Unit> unit_at(std::string_view text, std::size_t& at, bool seconds_only) {
    constexpr std::uint64_t kDay = 86400000;
    char c = text[at++];
    switch (c) {
        case 'y': return Unit{0, 365 * kDay};
        case 'M': return Unit{1, 30 * kDay};
        case 'w': return Unit{2, 7 * kDay};
        case 'd': return Unit{3, kDay};
        case 'h': return Unit{4, 3600000};
        case 'm':
            if (at < text.size() && text[at] == 's') {
                if (seconds_only) return std::nullopt;
                ++at;
                return Unit{7, 1};
            }
            return Unit{5, 60000};
        case 's': return Unit{6, 1000};
        case ' ': return Unit{6, 1000};
        default: return std::nullopt;
    }
}

std::optional<std::uint64_t> parse_time(std::string_view text, bool seconds_only) {
    std::uint64_t total = 0, value = 0;
    bool digits = false;
    int last = seconds_only ? -1 : 1;  // years and months are too long for milliseconds
    for (std::size_t at = 0; at < text.size();) {
        if (is_digit(text[at])) {
            value = value * 10 + static_cast<unsigned>(text[at++] - '0');
            if (value > INT64_MAX / 1000) return std::nullopt;
            digits = true;
            continue;
        }
        bool space = text[at] == ' ';
        auto unit = digits ? unit_at(text, at, seconds_only) : std::nullopt;
        if (!unit || unit->rank <= last) return std::nullopt;
        if (unit->milliseconds && value > INT64_MAX / unit->milliseconds) return std::nullopt;
        total += value * unit->milliseconds;
        if (total > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        last = space ? 7 : unit->rank;
        value = 0;
        digits = false;
        while (at < text.size() && text[at] == ' ') ++at;
    }
    if (digits) {
        if (last >= 6) return std::nullopt;
        total += value * 1000;
    } else if (last == (seconds_only ? -1 : 1)) {
        return std::nullopt;
    }
    return total;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
    auto value = scaled(text, false);
    if (!value) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

std::optional<std::int64_t> parse_file_size(std::string_view text) { return scaled(text, true); }

std::optional<Millis> parse_millis(std::string_view text) {
    auto ms = parse_time(text, false);
    if (!ms) return std::nullopt;
    return Millis(static_cast<std::int64_t>(*ms));
}

std::optional<Seconds> parse_seconds(std::string_view text) {
    auto ms = parse_time(text, true);
    if (!ms) return std::nullopt;
    return Seconds(static_cast<std::int64_t>(*ms / 1000));
}

}  // namespace bext::conf
