#include "cli/masquerade_command.h"

#include <gflags/gflags.h>
#include <stdio.h>

#include <string_view>

#include "base/interrupts.h"
#include "cli/masquerade_takeover.h"
#include "cli/takeover_hands.h"
#include "masquerade/doctor.h"
#include "masquerade/masquerade.h"

DEFINE_string(bext_bin, "", "with masquerade: the bext-server that nginx.service runs");
DEFINE_string(shim_bin, "/usr/sbin/nginx", "with masquerade: where nginx is, and the shim will be");
DEFINE_string(shim_source, "", "with masquerade: the program that becomes the shim");
DEFINE_string(nginx_config, "", "with masquerade and nginx-takeover: the nginx.conf to serve (default: the one that nginx uses)");
DEFINE_bool(now, true, "with masquerade: change the running server at once");
DEFINE_bool(no_now, false, "with masquerade: leave the running server alone; the change comes with its next start");
DEFINE_bool(dry_run, false, "with masquerade: only tell what would be done");
DEFINE_bool(act, false, "with masquerade doctor: also try what acts on the server: reload, rotate, upgrade");
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
    settings.now = FLAGS_now && !FLAGS_no_now;
    masquerade::find_programs(settings);
    return settings;
}

int fail(const std::string& what, const Error& error) {
    if (FLAGS_json) printf("{\"ok\":false,\"error\":%s}\n", masquerade::json_string(error.text).c_str());
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
            steps += (steps.empty() ? "{" : ",{") + std::string("\"result\":") + masquerade::json_string(word) + ",\"step\":" +
                     masquerade::json_string(sentence) + "}";
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

std::optional<int> masquerade_command(int argc, char** argv) {
    if (argc != 4 || std::string_view(argv[1]) != "nginx" || std::string_view(argv[2]) != "masquerade") return std::nullopt;
    std::string name = argv[3];
    auto settings = settings_of_flags();
    if (name == "install" || name == "uninstall") return change(name, settings);
    if (name == "status") return show_status(settings);
    if (name == "doctor") return doctor(settings);
    return std::nullopt;
}

}  // namespace bext::cli
