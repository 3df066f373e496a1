#include "deploy/deliveries.h"

#include <algorithm>

#include "base/text.h"

namespace bext::deploy {
namespace {

constexpr std::string_view kName = "\"pushed_at\":";
constexpr std::size_t kMostDigits = 12;

}  // namespace

bool Deliveries::has(std::string_view id, std::string_view signature) const {
    return std::any_of(taken_.begin(), taken_.end(), [&](auto& one) { return one.signature == signature || (!id.empty() && one.id == id); });
}

void Deliveries::remember(std::string_view id, std::string_view signature) {
    if (taken_.size() == kMost) taken_.pop_front();
    taken_.push_back({std::string(id), std::string(signature)});
}

void PushTime::add(std::string_view piece) {
    for (char c : piece) {
        if (done_) return;
        if (matched_ < kName.size()) {
            matched_ = c == kName[matched_] ? matched_ + 1 : c == kName.front() ? 1 : 0;
        } else if (is_digit(c) && digits_.size() < kMostDigits) {
            digits_ += c;
        } else if (c == ' ' && digits_.empty()) {
            continue;
        } else {
            done_ = !digits_.empty();  // a date in words is of another service: it may be followed by seconds
            if (!done_) matched_ = 0;
        }
    }
}

std::optional<std::int64_t> PushTime::seconds() const {
    auto number = parse_decimal(digits_);
    return number && done_ ? std::optional<std::int64_t>(static_cast<std::int64_t>(*number)) : std::nullopt;
}

}  // namespace bext::deploy
