#include "cli/command_line.h"

#include <gflags/gflags.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include <algorithm>
#include <string_view>

#include "cli/commands.h"
#include "cli/status.h"

// What they mean, and their defaults, is in the manual.
DEFINE_string(pid_file, "", "");
DEFINE_string(binary, "", "");
DEFINE_bool(json, false, "");
DEFINE_bool(wait, true, "");

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
    fputs(FLAGS_json ? text->c_str() : status_for_people(*text, time(nullptr)).c_str(), stdout);
    return 0;
}

}  // namespace

void set_flags(const Program& program, const Invocation& invocation) {
    auto name_of = [](std::string_view name) {
        std::string text(name);
        std::replace(text.begin(), text.end(), '-', '_');
        return text;
    };
    for (auto& command : program.commands)
        for (auto* flag : command.flags)
            if (!flag->standard.empty() && flag->name.size() > 1)
                gflags::SetCommandLineOptionWithMode(name_of(flag->name).c_str(), std::string(flag->standard).c_str(), gflags::SET_FLAGS_DEFAULT);
    for (auto& [name, value] : invocation.values)
        if (name.size() > 1) gflags::SetCommandLineOption(name_of(name).c_str(), value.c_str());
}

std::optional<int> run_command(const Invocation& invocation) {
    if (!invocation.command) return std::nullopt;
    auto name = invocation.command->words;
    if (name.starts_with("ctl ")) name.remove_prefix(4);
    auto* command = name == "reload" ? reload : name == "upgrade" ? upgrade : name == "status" ? status : name == "stop" ? stop : nullptr;
    if (!command) return std::nullopt;
    auto pid = find_server(FLAGS_pid_file);
    if (!pid) return fail(std::string(name).c_str(), pid.error());
    return command(*pid);
}

}  // namespace bext::cli
