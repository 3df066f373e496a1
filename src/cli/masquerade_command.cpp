#include "cli/masquerade_command.h"

#include <gflags/gflags.h>
#include <stdio.h>
#include <unistd.h>

#include <string_view>

#include "base/interrupts.h"
#include "base/json.h"
#include "cli/masquerade_takeover.h"
#include "cli/takeover_hands.h"
#include "masquerade/checks.h"
#include "masquerade/doctor.h"
#include "masquerade/masquerade.h"
#include "masquerade/resume.h"

// What they mean, and their defaults, is in the manual.
DEFINE_string(bext_bin, "", "");
DEFINE_string(shim_bin, "", "");
DEFINE_string(shim_source, "", "");
DEFINE_string(nginx_config, "", "");
DEFINE_bool(now, true, "");
DEFINE_bool(dry_run, false, "");
DEFINE_bool(act, false, "");
DECLARE_string(pid_file);
DECLARE_bool(json);

namespace bext::cli {
namespace {

masquerade::Settings settings_of_flags() {
    masquerade::Settings settings;
    if (!FLAGS_bext_bin.empty()) settings.bext_bin = FLAGS_bext_bin;
    if (!FLAGS_shim_source.empty()) settings.shim_source = FLAGS_shim_source;
    settings.shim_bin = FLAGS_shim_bin;
    settings.pid_file = FLAGS_pid_file;
    settings.nginx_config = FLAGS_nginx_config;
    settings.now = FLAGS_now;
    masquerade::find_programs(settings);
    return settings;
}

int fail(const std::string& what, const Error& error) {
    if (FLAGS_json) printf("{\"ok\":false,\"error\":%s}\n", json_text(error.text).c_str());
    fprintf(stderr, "bext: masquerade %s failed: %s\n", what.c_str(), error.text.c_str());
    return 1;
}

/// `install` and `uninstall` tell step by step, or as one JSON object at the end.
int change(const std::string& name, const masquerade::Settings& settings) {
    std::optional<Interrupts> held;
    if (!FLAGS_dry_run) held.emplace(tell_interrupt);
    std::string steps;
    auto report = [&steps](const std::string& word, const std::string& sentence) {
        if (FLAGS_json) {
            steps += (steps.empty() ? "{" : ",{") + std::string("\"result\":") + json_text(word) + ",\"step\":" +
                     json_text(sentence) + "}";
        } else {
            printf("%-11s %s\n", word.c_str(), sentence.c_str());
            fflush(stdout);
        }
    };
    auto done = name == "install" ? install_after_takeover(settings, FLAGS_dry_run, report) : uninstall_after_takeover(settings, FLAGS_dry_run, report);
    if (!done) return fail(name, done.error());
    if (FLAGS_json) printf("{\"ok\":true,\"steps\":[%s]}\n", steps.c_str());
    return 0;
}

/// 0, or 3 when nothing is installed, as systemctl has it for what does not run.
int show_status(const masquerade::Settings& settings) {
    auto status = masquerade::status(settings);
    if (!status) return fail("status", status.error());
    fputs((FLAGS_json ? masquerade::status_json(*status) : masquerade::status_text(*status)).c_str(), stdout);
    return status->state() == masquerade::State::kAbsent ? 3 : 0;
}

int doctor(const masquerade::Settings& settings) {
    auto findings = masquerade::examine(settings, FLAGS_act);
    fputs((FLAGS_json ? masquerade::findings_json(findings) : masquerade::findings_text(findings)).c_str(), stdout);
    return masquerade::is_well(findings) ? 0 : 1;
}

}  // namespace

int install_masquerade() { return change("install", settings_of_flags()); }

std::optional<int> resume_masquerade() {
    auto settings = settings_of_flags();
    auto name = masquerade::unfinished(settings);
    if (name.empty()) return std::nullopt;
    return change(name, settings);
}

Result<> can_masquerade(sysd::Manager& manager) {
    auto against = masquerade::hindrances(manager, settings_of_flags());
    if (against.empty()) return {};
    std::string text = "nothing was changed, since masquerade could not follow:";
    for (auto& one : against) text += "\n  " + one;
    return Error{text};
}

std::optional<int> masquerade_command(const Invocation& invocation) {
    constexpr std::string_view kFirst = "nginx masquerade ";
    if (!invocation.command || !invocation.command->words.starts_with(kFirst)) return std::nullopt;
    std::string name(invocation.command->words.substr(kFirst.size()));
    // What another user may not look at would be told as if it were not there.
    if (geteuid() != 0) return fail(name, Error{"it needs root; run it with sudo"});
    auto settings = settings_of_flags();
    if (name == "install" || name == "uninstall") return change(name, settings);
    if (name == "status") return show_status(settings);
    if (name == "doctor") return doctor(settings);
    return std::nullopt;
}

}  // namespace bext::cli
