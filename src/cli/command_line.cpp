#include "cli/command_line.h"

#include <gflags/gflags.h>
#include <signal.h>
#include <stdio.h>

#include <string_view>

#include "cli/commands.h"

DEFINE_string(pid_file, "", "the pid file of the server, whatever the configuration says");
DEFINE_string(binary, "", "with upgrade: put this program in the place of the running one first");
DEFINE_bool(json, false, "with status: as JSON");
DEFINE_bool(wait, true, "with reload: return when the new configuration serves, non-zero when it does not");

namespace bext::cli {
namespace {

int fail(const char* what, const Error& error) {
    fprintf(stderr, "bext: %s failed: %s\n", what, error.text.c_str());
    return 1;
}

int reload(pid_t pid) {
    if (!FLAGS_wait) {
        if (kill(pid, SIGHUP) == 0) return 0;
        return fail("reload", Error::from_errno("kill(" + std::to_string(pid) + ", SIGHUP)"));
    }
    auto done = reload_server(pid);
    if (!done) return fail("reload", done.error());
    fputs(done->c_str(), stderr);
    return 0;
}

int stop(pid_t pid) {
    auto done = stop_server(pid);
    return done ? 0 : fail("stop", done.error());
}

int upgrade(pid_t pid) {
    auto done = upgrade_server(pid, FLAGS_binary);
    if (!done) return fail("upgrade", done.error());
    fputs(done->c_str(), stdout);
    return 0;
}

int status(pid_t pid) {
    auto text = server_status(pid);
    if (!text) return fail("status", text.error());
    fputs(FLAGS_json ? text->c_str() : status_for_people(*text).c_str(), stdout);
    return 0;
}

}  // namespace

std::optional<int> run_command(int argc, char** argv) {
    std::string_view name = argc > 1 ? argv[1] : "";
    if (name == "ctl") name = argc > 2 ? argv[2] : "";
    auto* command = name == "reload" ? reload : name == "upgrade" ? upgrade : name == "status" ? status : name == "stop" ? stop : nullptr;
    if (!command) return std::nullopt;
    auto pid = find_server(FLAGS_pid_file);
    if (!pid) return fail(std::string(name).c_str(), pid.error());
    return command(*pid);
}

}  // namespace bext::cli
