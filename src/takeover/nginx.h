// Nginx: the one that runs here: its unit, its main process, and the configuration that it was started with.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "loader/configuration.h"
#include "sysd/manager.h"

namespace bext::takeover {

struct Nginx {
    sysd::Unit unit;           // nginx.service
    pid_t master = 0;          // 0: none runs under the unit
    std::string program;       // of the running master, else what the unit starts
    std::vector<std::string> words;  // how the unit starts it by itself
    std::string title;         // the master's command line as it shows itself
    std::string version;       // "nginx/1.22.1"
    pid_t outside = 0;         // when none runs under the unit: a main process of nginx's that does all the same
    std::optional<std::string> unit_conf;  // the -c of what the unit starts, "" without one; unset when that is no nginx
    bool masquerade = false;   // what runs, or would run, under nginx's name is bext
    loader::Source source;     // the configuration to serve

    bool running() const { return master > 0; }
};

/// Whether the program is bext's server.
bool is_bext(const std::string& program);

/// Looks at the unit and the running master. `conf_file`: the one to serve, "" for the one that nginx uses.
Result<Nginx> find_nginx(sysd::Manager& manager, const std::string& conf_file);

/// A main process of nginx's, whoever started it; 0: there is none. bext in nginx's place is none.
pid_t nginx_outside();

/// How a unit starts nginx, by its files: the start on living sockets, which a way back that was cut off may have left, is none.
std::vector<std::string> own_words(const sysd::Unit& unit);

/// nginx's own test of its configuration; the error has its words. The one thing that it may find wrong is an address that is not here now,
/// and is then told: on living sockets nginx starts all the same.
Result<std::string> nginx_accepts(const Nginx& nginx);

/// What nginx's test says of addresses that are not here, when it finds nothing else wrong; else "".
std::string only_absent(const std::string& said);

/// The value of an option in a command line that shows itself as one text: "-c" in "nginx: master process nginx -c FILE".
std::string option_in(const std::string& title, const std::string& option);

}  // namespace bext::takeover
