#include "base/warm.h"

#include "base/wire.h"

namespace bext {

namespace {
constexpr std::uint32_t kVersion = 1;
}

WarmState& warm_state() {
    static WarmState state;
    return state;
}

void WarmState::keep(const std::string& name, Save save) {
    std::lock_guard lock(mutex_);
    savers_[name] = std::move(save);
}

std::optional<std::string> WarmState::take(const std::string& name) {
    std::lock_guard lock(mutex_);
    auto found = left_.find(name);
    if (found == left_.end()) return std::nullopt;
    auto bytes = std::move(found->second);
    left_.erase(found);
    return bytes;
}

std::string WarmState::save() {
    std::map<std::string, Save, std::less<>> savers;
    {
        std::lock_guard lock(mutex_);
        savers = savers_;  // asked without the lock: they take their own
    }
    std::map<std::string, std::string> sections;
    for (auto& [name, saver] : savers)
        if (auto bytes = saver()) sections[name] = *std::move(bytes);
    WireWriter wire;
    wire.number(kVersion);
    wire.list(sections, [&](auto& section) {
        wire.text(section.first);
        wire.text(section.second);
    });
    return wire.take();
}

Result<> WarmState::load(std::string_view bytes) {
    WireReader wire(bytes);
    if (wire.number<std::uint32_t>() != kVersion) return Error{"the state of the process before is of another version"};
    std::map<std::string, std::string, std::less<>> left;
    wire.list([&] {
        auto name = wire.text();
        left[std::string(name)] = wire.text();
    });
    if (!wire.at_end()) return Error{"the state of the process before is damaged"};
    std::lock_guard lock(mutex_);
    left_ = std::move(left);
    return {};
}

}  // namespace bext
