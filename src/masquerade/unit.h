// Unit: nginx.service as masquerade sees and changes it.
#pragma once

#include <string>
#include <vector>

#include "masquerade/settings.h"
#include "masquerade/steps.h"
#include "sysd/manager.h"

namespace bext::masquerade {

/// That of bext when it does not stand in nginx's place.
inline constexpr const char* kOwnUnit = "bext.service";

/// Everything about the service that the other steps decide on.
struct Service {
    sysd::Unit unit;
    std::vector<std::string> nginx_words;  // how the unit starts nginx, without the drop-in
    std::string pid_file;
    std::string nginx_config;              // "": nginx's default
    std::string unread;                    // what of the unit's files systemd has not read yet
};

/// Looks it up; `settings` wins where it says something.
Result<Service> find_service(sysd::Manager& manager, const Settings& settings);

/// The drop-in's text for this machine.
Result<std::string> wanted_drop_in(const Service& service, const Settings& settings);

/// Has systemd read the unit with this drop-in in a directory apart: an error is what it would refuse.
Result<> verify_drop_in(const Service& service, const Settings& settings, const std::string& text);

/// The drop-in, and that systemd knows of it.
Step drop_in_step(const Settings& settings, sysd::Manager& manager);

}  // namespace bext::masquerade
