// Gates: the drop-ins by which the commit bit, and nothing else, decides whether nginx or bext starts at boot.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "loader/configuration.h"

namespace bext::takeover {

/// The text of the gate of bext.service, which also tells it where the sockets come from, and to serve the configuration
/// that was checked, whatever bext's own names. `server`: the path of bext-server.
std::string bext_gate(const loader::Source& source, const std::string& server);
std::string nginx_gate();
/// Has nginx.service start nginx once with sockets that it receives, and end the start when `pid_file` names nginx; the
/// packaged unit comes back without it.
std::string nginx_start(const std::string& program, const std::string& pid_file, const std::vector<std::string>& words);
/// The same for a bext in nginx's place (masquerade), which asks for the sockets itself.
std::string bext_start();

/// A word of a command line in a unit file.
std::string unit_word(const std::string& word);

/// Puts both gates in place; the disk has them.
Result<> write_gates(const loader::Source& source, const std::string& server);
/// Removes them, and the start on living sockets.
Result<> remove_gates();
/// Removes the start on living sockets.
Result<> remove_start();

}  // namespace bext::takeover
