// History: since when the service serves, and how its last reloads and upgrades ended. It goes from process to process.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bext::supervisor {

struct History {
    struct Event {
        std::string outcome = "none";  // none, ok, failed
        std::int64_t at = 0;           // seconds since 1970
        std::string error;
    };

    /// A reload or an upgrade of the past.
    struct Past {
        std::string what;  // "reload", "upgrade"
        Event event;
        std::string from, to;  // versions, of an upgrade that succeeded
    };
    static constexpr std::size_t kMostPast = 20;

    std::int64_t began = 0;  // seconds since 1970: when the first process of the service was started
    Event reload, upgrade;
    std::string upgraded_from, upgraded_to;  // versions of the last upgrade that succeeded
    std::vector<Past> past;  // the oldest first, these last ones included

    /// It happens now.
    void reloaded(bool good, const std::string& error);
    void upgrade_failed(const std::string& error);

    /// What the next process is told, with this one's version.
    std::string text() const;
    /// The history of a process that follows one that has told `text`; "" when it is the first, or follows one that says nothing.
    static History after(std::string_view text, bool upgraded);

    /// {"began":…,"reload":{…},"upgrade":{…},"events":[…]} without the outer braces.
    std::string json() const;
};

/// "bext 0.1.0 -> 0.1.1", or "bext 0.1.0, as before"; "" names a version that is not known.
std::string change_of_version(std::string_view from, std::string_view to);

}  // namespace bext::supervisor
