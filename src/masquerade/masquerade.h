// Masquerade: bext in nginx's place, and nginx back in its own. docs/masquerade.md
#pragma once

#include <string>
#include <vector>

#include "masquerade/settings.h"
#include "masquerade/steps.h"

namespace bext::masquerade {

/// Puts bext in nginx's place. `dry_run` only tells. On an error everything is as it was.
Result<> install(const Settings& settings, bool dry_run, const Report& report);

/// Puts nginx back. On an error it can be run again: it goes on where it stopped.
Result<> uninstall(const Settings& settings, bool dry_run, const Report& report);

struct Part {
    std::string name;
    State state;
    std::string sentence;
};

struct Status {
    std::vector<Part> parts;   // the steps, in order
    bool interrupted = false;  // the last run did not come to its end
    std::string unit_state;    // "active (running), enabled"
    long main_pid = 0;
    bool outside = false;      // that process is an nginx which somebody started beside the unit
    bool of_own_unit = false;  // that process is the one of bext.service
    std::string server;        // bext, nginx, none
    std::string pid_file;

    /// All of it, some or nothing is installed.
    State state() const;
};

Result<Status> status(const Settings& settings);
std::string status_text(const Status& status);
std::string status_json(const Status& status);

}  // namespace bext::masquerade
