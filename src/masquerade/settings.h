// Settings: where everything is that masquerade touches.
#pragma once

#include <string>
#include <vector>

namespace bext::masquerade {

struct Settings {
    std::string bext_bin = "/usr/sbin/bext-server";
    std::string shim_source = "/usr/lib/bext/nginx";  // the file that becomes the shim
    std::string shim_bin = "/usr/sbin/nginx";         // where it stands
    std::string pid_file;                             // "": what nginx.service says, else /run/nginx.pid
    std::string nginx_config;                         // "": what nginx.service says, else nginx's own default
    bool now = true;                                  // a running server changes at once
    bool takes_directory = false;                     // drop_in_dir was made by a takeover, and goes with the drop-in

    std::string unit = "nginx.service";
    std::string drop_in_dir = "/etc/systemd/system/nginx.service.d";
    std::string state_dir = "/var/lib/bext/masquerade";

    /// Where nginx itself is while the shim has its place.
    std::string real_bin() const { return shim_bin + ".real"; }
    /// Another name of the same, under which it is executed: processes are called what the last part of the path says.
    std::string named_nginx() const { return state_dir + "/nginx"; }
    std::string drop_in() const { return drop_in_dir + "/bext-masquerade.conf"; }
    /// The version of the nginx that bext stands in for, "nginx/1.22.1".
    std::string version_file() const { return state_dir + "/nginx-version"; }
    std::string journal() const { return state_dir + "/journal"; }
};

/// Fills in where this installation has its programs, unless they were named.
void find_programs(Settings& settings);

}  // namespace bext::masquerade
