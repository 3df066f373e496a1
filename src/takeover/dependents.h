// Dependents: what on this machine asks for nginx: renewals of certificates, hooks, rotation of logs, jobs, supervision. After a
// takeover it finds no nginx; in nginx's place (masquerade) bext answers it.
#pragma once

#include <string>
#include <vector>

namespace bext::takeover {

struct Dependent {
    std::string kind;     // "certbot", "logrotate", "cron", "monit", "systemd"
    std::string place;    // "FILE:LINE"
    std::string happens;  // while bext.service serves
};

/// The first line of each file that asks for nginx. `root`: before every path, for tests.
std::vector<Dependent> dependents(const std::string& root = "");

/// What does not work while bext.service serves, a line each, and what to do; "" when nothing was found.
std::string not_yet_text(const std::vector<Dependent>& all);
/// [{"kind":…,"place":…,"happens":…},…]
std::string json_of(const std::vector<Dependent>& all);

/// {"command":…,"asks_for_nginx":[…]}: the next step after a takeover, and what waits for it.
std::string next_json();

/// The next step after a takeover.
inline constexpr const char* kNextStep = "bext nginx masquerade install";

}  // namespace bext::takeover
