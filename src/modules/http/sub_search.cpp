#include "modules/http/sub_search.h"

#include <algorithm>

#include "base/text.h"

namespace bext::http::sub {

Patterns::Patterns(std::span<const std::string_view> patterns) : patterns_(patterns), shortest_(SIZE_MAX), longest_(0) {
    for (auto& p : patterns) {
        shortest_ = std::min(shortest_, p.size());
        longest_ = std::max(longest_, p.size());
    }
    auto most = std::min<std::size_t>(shortest_, 255);
    jumps_.fill(static_cast<std::uint8_t>(most));
    for (auto& p : patterns)
        for (std::size_t back = 0; back < most; ++back) {
            auto& jump = jumps_[static_cast<unsigned char>(p[shortest_ - 1 - back])];
            jump = std::min(jump, static_cast<std::uint8_t>(back));
        }
}

/// The bytes kept and those that came, as one text.
struct Search::Window {
    std::string_view kept, bytes;
    std::size_t size() const { return kept.size() + bytes.size(); }
    char operator[](std::size_t i) const { return to_lower(i < kept.size() ? kept[i] : bytes[i - kept.size()]); }
};

Search::Search(const Patterns& patterns, bool once, Arena& arena)
    : patterns_(patterns), once_(once), arena_(arena), kept_(arena.bytes(patterns.longest())),
      used_(static_cast<bool*>(arena.allocate(patterns.size(), 1))), left_(patterns.size()) {
    std::fill_n(used_, patterns.size(), false);
}

Search::Verdict Search::match_at(const Window& window, std::size_t start, std::size_t& pattern) const {
    for (std::size_t i = 0; i < patterns_.size(); ++i) {
        if (used_[i]) continue;
        auto wanted = patterns_[i];
        auto n = std::min(wanted.size(), window.size() - start);
        std::size_t same = 0;
        while (same < n && window[start + same] == wanted[same]) ++same;
        if (same < n) continue;
        pattern = i;
        return n == wanted.size() ? Verdict::kWhole : Verdict::kPart;
    }
    return Verdict::kNone;
}

void Search::pass(const Window& window, std::size_t from, std::size_t to, Found& found) const {
    auto middle = std::clamp(window.kept.size(), from, to);
    if (from < middle) found.text(arena_.copy(window.kept.substr(from, middle - from)));
    if (middle < to) found.text(window.bytes.substr(middle - window.kept.size(), to - middle));
}

void Search::feed(std::string_view bytes, Found& found) {
    Window window{{kept_, kept_size_}, bytes};
    std::size_t start = 0, passed = 0;
    auto last = patterns_.shortest() - 1;
    while (start < window.size()) {
        if (left_ == 0) {
            start = window.size();
            break;
        }
        if (start + last < window.size()) {
            if (auto jump = patterns_.jump(window[start + last])) {
                start += jump;
                continue;
            }
        }
        std::size_t pattern = 0;
        auto verdict = match_at(window, start, pattern);
        if (verdict == Verdict::kPart) break;
        if (verdict == Verdict::kNone) {
            ++start;
            continue;
        }
        pass(window, passed, start, found);
        found.match(pattern);
        passed = start += patterns_[pattern].size();
        if (once_) used_[pattern] = true, --left_;
    }
    start = std::min(start, window.size());
    pass(window, passed, start, found);
    auto rest = window.size() - start;
    auto from_kept = start < kept_size_ ? kept_size_ - start : 0;
    if (from_kept) std::memmove(kept_, kept_ + start, from_kept);
    if (rest > from_kept) std::memcpy(kept_ + from_kept, bytes.data() + (bytes.size() - (rest - from_kept)), rest - from_kept);
    kept_size_ = rest;
}

void Search::end(Found& found) {
    if (kept_size_) found.text(arena_.copy({kept_, std::exchange(kept_size_, 0)}));
}

}  // namespace bext::http::sub
