// The Range header, with the rules of nginx's ngx_http_range_parse (RFC 9110, section 14.2).
#include "http/ranges.h"

#include "base/text.h"

namespace bext::http {
namespace {

constexpr std::uint64_t kMaxOffset = INT64_MAX;
constexpr std::string_view kBytes = "bytes=";

class RangeCursor {
public:
    explicit RangeCursor(std::string_view text) : text_(text) {}

    void spaces() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }
    bool take(char c) {
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    /// At the end of one range.
    bool at_stop() const { return at_ == text_.size() || text_[at_] == ','; }

    bool number(std::uint64_t& value) {
        const std::size_t first = at_;
        for (value = 0; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
            const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
            if (value > (kMaxOffset - digit) / 10) return false;
            value = value * 10 + digit;
        }
        return at_ != first;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

// One "a-b", "a-" or "-n"; an empty range when it lies outside of the content. False when malformed.
bool read_range(RangeCursor& in, std::uint64_t length, ByteRange& range) {
    in.spaces();
    const bool suffix = in.take('-');
    if (!suffix) {
        if (!in.number(range.begin)) return false;
        in.spaces();
        if (!in.take('-')) return false;
        in.spaces();
        if (in.at_stop()) {
            range.end = length;
            return true;
        }
    }
    std::uint64_t last;
    if (!in.number(last)) return false;
    in.spaces();
    if (!in.at_stop()) return false;
    if (suffix) {
        range = {last < length ? length - last : 0, length};
    } else {
        range.end = last >= length ? length : last + 1;
    }
    return true;
}

}  // namespace

RangeVerdict parse_ranges(std::string_view header, std::uint64_t length, std::uint32_t max_ranges,
                          std::vector<ByteRange>& ranges) {
    ranges.clear();
    if (max_ranges == 0 || header.size() <= kBytes.size() || !istarts_with(header, kBytes)) return RangeVerdict::kWhole;

    RangeCursor in(header.substr(kBytes.size()));
    std::uint64_t total = 0;
    do {
        ByteRange range;
        if (!read_range(in, length, range)) return RangeVerdict::kUnsatisfiable;
        if (range.begin < range.end) {
            if (total > kMaxOffset - range.size()) return RangeVerdict::kUnsatisfiable;
            total += range.size();
            if (ranges.size() == max_ranges) return RangeVerdict::kWhole;
            ranges.push_back(range);
        } else if (range.begin == 0) {
            return RangeVerdict::kWhole;
        }
    } while (in.take(','));

    if (ranges.empty()) return RangeVerdict::kUnsatisfiable;
    if (ranges.size() == 1) return RangeVerdict::kPartial;
    if (total > length) return RangeVerdict::kWhole;
    if (max_ranges == kMaxRangesUnset && total + ranges.size() * 256 > length + 4096) return RangeVerdict::kWhole;
    return RangeVerdict::kPartial;
}

}  // namespace bext::http
