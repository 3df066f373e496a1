#include "masquerade/doctor.h"

#include <sys/stat.h>

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "base/program.h"
#include "base/text.h"
#include "masquerade/fetch.h"
#include "masquerade/files.h"
#include "masquerade/masquerade.h"
#include "masquerade/process.h"
#include "masquerade/readers.h"
#include "masquerade/unit.h"

namespace bext::masquerade {
namespace {

constexpr const char* kAgain = "run `bext nginx masquerade install` again";

struct Patient {
    const Settings& settings;
    Service service;

    std::vector<std::string> nginx(std::vector<std::string> words) const {
        words.insert(words.begin(), settings.shim_bin);
        return words;
    }
};

struct Check {
    const char* name;
    bool acts;
    Finding (*examine)(const Patient&);
};

Finding pass(std::string what) { return {{}, Verdict::kPass, std::move(what), {}}; }
Finding fail(std::string what, std::string mend) { return {{}, Verdict::kFail, std::move(what), std::move(mend)}; }
Finding skip(std::string what) { return {{}, Verdict::kSkip, std::move(what), {}}; }

/// A program whose status alone is looked at.
Finding succeeds(const std::vector<std::string>& words, const std::string& mend) {
    auto done = run_program(words, kProgramTime);
    if (!done) return fail(done.error().text, mend);
    return done->status == 0 ? pass("status 0") : fail("status " + std::to_string(done->status) + ": " + done->reason(), mend);
}

Finding version(const Patient& patient) {
    auto done = run_program(patient.nginx({"-v"}), kProgramTime);
    if (!done) return fail(done.error().text, kAgain);
    auto read = version_read(done->err);
    if (!read || !done->out.empty()) return fail("not read on stderr: " + done->reason(), kAgain);
    return pass(*read);
}

Finding configure(const Patient& patient) {
    auto done = run_program(patient.nginx({"-V"}), kProgramTime);
    if (!done) return fail(done.error().text, kAgain);
    auto missing = missing_in_configure(done->err);
    return missing.empty() ? pass("version, SNI, http_ssl and OpenSSL are found") : fail("not found: " + missing, kAgain);
}

Finding test(const Patient& patient) {
    return succeeds(patient.nginx({"-t"}), "mend the configuration as `nginx -t` says");
}

Finding served(const Patient& patient) {
    auto& unit = patient.service.unit;
    if (!unit.active()) return fail("the unit is " + unit.active_state, "systemctl start " + patient.settings.unit);
    if (server_of(unit.main_pid) == Server::kBext) return pass("process " + std::to_string(unit.main_pid));
    return fail("nginx serves", "systemctl restart " + patient.settings.unit + ", or `bext nginx masquerade install`");
}

Finding unit_is_loaded(const Patient& patient) {
    auto& unit = patient.service.unit;
    bool there = std::find(unit.drop_in_paths.begin(), unit.drop_in_paths.end(), patient.settings.drop_in()) != unit.drop_in_paths.end();
    if (unit.load_state != "loaded") return fail("systemd says: " + unit.load_state, "systemd-analyze verify " + patient.settings.unit);
    if (auto& unread = patient.service.unread; !unread.empty()) return fail(unread, "systemctl daemon-reload");
    return there ? pass(unit.type) : fail("the drop-in is not in force", kAgain);
}

Finding boots(const Patient& patient) {
    auto& state = patient.service.unit.file_state;
    return state == "enabled" ? pass(state) : fail("the unit is " + state, "systemctl enable " + patient.settings.unit);
}

Finding process_name(const Patient& patient) {
    auto name = name_of(patient.service.unit.main_pid);
    return name == "nginx" ? pass("nginx") : fail("\"" + name + "\"", "systemctl restart " + patient.settings.unit);
}

Finding pid_file(const Patient& patient) {
    auto& path = patient.service.pid_file;
    struct stat found {};
    if (lstat(path.c_str(), &found) != 0) return fail("there is no " + path, "systemctl restart " + patient.settings.unit);
    if (found.st_uid != 0 || (found.st_mode & (S_IWGRP | S_IWOTH))) return fail(path + " can be written by others", "chown root " + path + "; chmod 644 " + path);
    if (pid_in(path) != patient.service.unit.main_pid) return fail(path + " names another process", "systemctl restart " + patient.settings.unit);
    return pass(path);
}

Finding signal_by_name(const Patient& patient) {
    if (!exists("/sbin/start-stop-daemon")) return skip("there is no start-stop-daemon");
    return succeeds({"/sbin/start-stop-daemon", "--stop", "--test", "--quiet", "--signal", "USR1", "--pidfile", patient.service.pid_file, "--name", "nginx"},
                    "systemctl restart " + patient.settings.unit);
}

Finding diverted(const Patient& patient) {
    auto status = masquerade::status(patient.settings);
    if (!status) return fail(status.error().text, kAgain);
    for (auto& part : status->parts)
        if (part.state != State::kDone) return fail(part.name + ": " + part.sentence, kAgain);
    return pass("diversion, shim and drop-in");
}

Finding status_page(const Patient& patient) {
    auto dump = run_program(patient.nginx({"-T", "-q"}), kProgramTime);
    if (!dump) return fail(dump.error().text, kAgain);
    auto pages = status_pages(dump->out);
    if (pages.empty()) return skip("no stub_status without TLS");
    std::string refused;
    for (auto& one : pages) {
        auto name = "http://" + (one.host.empty() ? one.address : one.host) + ":" + one.port + one.path;
        auto page = fetch(one.address, one.port, one.host, one.path);
        if (!page) {
            refused += (refused.empty() ? "" : "; ") + name + ": " + page.error().text;
            continue;
        }
        auto unread = unread_status(*page);
        return unread.empty() ? pass(name) : fail(unread + " cannot read " + name, "report this as a fault of bext");
    }
    return skip(refused);
}

Finding shim_reload(const Patient& patient) { return succeeds(patient.nginx({"-s", "reload"}), "see the error log"); }
Finding unit_reload(const Patient& patient) { return succeeds({"systemctl", "reload", patient.settings.unit}, "journalctl -u " + patient.settings.unit); }
Finding rotate(const Patient&) {
    return exists("/etc/init.d/nginx") ? succeeds({"invoke-rc.d", "nginx", "rotate"}, "see /etc/init.d/nginx") : skip("there is no /etc/init.d/nginx");
}
Finding upgrade(const Patient&) {
    return exists("/etc/init.d/nginx") ? succeeds({"invoke-rc.d", "nginx", "upgrade"}, "see the error log") : skip("there is no /etc/init.d/nginx");
}

constexpr Check kChecks[] = {
    {"installed", false, diverted},
    {"nginx.service is read", false, unit_is_loaded},
    {"nginx.service runs bext", false, served},
    {"it starts at boot", false, boots},
    {"puppet, ansible: nginx -v", false, version},
    {"certbot: nginx -V", false, configure},
    {"certbot, ansible: nginx -t", false, test},
    {"zabbix, fail2ban: process name", false, process_name},
    {"monit, scripts: pid file", false, pid_file},
    {"logrotate: signal by name", false, signal_by_name},
    {"exporters: stub_status", false, status_page},
    {"certbot: nginx -s reload", true, shim_reload},
    {"systemctl reload nginx", true, unit_reload},
    {"logrotate: invoke-rc.d rotate", true, rotate},
    {"apt: invoke-rc.d upgrade", true, upgrade},
};

Result<Service> look_up(const Settings& settings) {
    auto manager = sysd::Manager::connect();
    if (!manager) return manager.error();
    return find_service(*manager, settings);
}

const char* word_of(Verdict verdict) { return verdict == Verdict::kPass ? "pass" : verdict == Verdict::kFail ? "FAIL" : "skip"; }

}  // namespace

std::vector<Finding> examine(const Settings& settings, bool act) {
    std::vector<Finding> findings;
    auto there = status(settings);
    if (there && there->state() == State::kAbsent)  // the rest would tell of nginx, or of nothing
        return {{"installed", Verdict::kFail, "masquerade is not installed", "bext nginx masquerade install"}};
    for (auto& check : kChecks) {
        if (check.acts && !act) continue;
        auto service = look_up(settings);  // each time: what acts changes it
        auto finding = service ? check.examine({settings, *service}) : fail(service.error().text, "is systemd running?");
        finding.name = check.name;
        findings.push_back(std::move(finding));
    }
    return findings;
}

bool is_well(const std::vector<Finding>& findings) {
    return std::none_of(findings.begin(), findings.end(), [](const Finding& one) { return one.verdict == Verdict::kFail; });
}

std::string findings_text(const std::vector<Finding>& findings) {
    std::string text;
    for (auto& one : findings) {
        text += cat({word_of(one.verdict), "  ", one.name, std::string(33 - std::min<std::size_t>(one.name.size(), 32), ' '), one.what, "\n"});
        if (!one.mend.empty()) text += cat({"      mend: ", one.mend, "\n"});
    }
    return text;
}

std::string findings_json(const std::vector<Finding>& findings) {
    std::string text;
    for (auto& one : findings)
        text += cat({text.empty() ? "" : ",", "{\"name\":", json_text(one.name), ",\"verdict\":", json_text(lower(word_of(one.verdict))), ",\"what\":",
                     json_text(one.what), ",\"mend\":", json_text(one.mend), "}"});
    return cat({"{\"ok\":", is_well(findings) ? "true" : "false", ",\"findings\":[", text, "]}\n"});
}

}  // namespace bext::masquerade
