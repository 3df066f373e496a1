// Warm state: what a process has learnt and its successor should know: zones, session keys, the health of peers. Saved
// as named sections of bytes; each section is read by the code that wrote it, which refuses what it does not know.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bext {

class WarmState {
public:
    /// Gives the bytes of a section, nothing when there is no more to save.
    using Save = std::function<std::optional<std::string>()>;

    /// From now on `save` is asked for the section `name` whenever the state is saved.
    void keep(const std::string& name, Save save);
    /// What the process before has left for `name`, once.
    std::optional<std::string> take(const std::string& name);

    std::string save();
    Result<> load(std::string_view bytes);

private:
    std::mutex mutex_;
    std::map<std::string, Save, std::less<>> savers_;
    std::map<std::string, std::string, std::less<>> left_;
};

/// The warm state of this process.
WarmState& warm_state();

}  // namespace bext
