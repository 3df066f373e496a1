// Resume: a run that was cut off is gone on with, by a timer that it set before or by whoever asks.
#pragma once

#include <string>
#include <vector>

#include "masquerade/settings.h"

namespace bext::masquerade {

enum class Direction { kInstall, kUninstall };

/// The words of the command, and what of the settings has to be said again.
std::vector<std::string> words_of(Direction direction, const Settings& settings);

/// "install" or "uninstall" when that run did not come to its end, "" when none is left.
std::string unfinished(const Settings& settings);

/// While it is there, systemd runs the command again should this process die: then two servers could serve for good.
class Watch {
public:
    Watch(Direction direction, const Settings& settings);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// This is what the timer runs, and nothing was begun, or all of it was done.
    bool is_done() const { return done_; }
    /// Why there is no timer, "" when there is.
    const std::string& trouble() const { return trouble_; }

private:
    bool done_ = false;
    std::string trouble_;
};

}  // namespace bext::masquerade
