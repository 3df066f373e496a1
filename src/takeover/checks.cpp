#include "takeover/checks.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/counted.h"
#include "base/text.h"
#include "conf/files.h"
#include "loader/builtin.h"
#include "loader/dynamic_modules.h"
#include "takeover/disk.h"
#include "takeover/lock.h"
#include "takeover/places.h"
#include "takeover/process.h"
#include "takeover/unserved.h"

namespace bext::takeover {
namespace {

constexpr std::uint64_t kLeast = 16 * 1024 * 1024;  // bytes free for the journal, and in /run: with less there systemd refuses a daemon-reload

Check verdict(Check check, Verdict verdict, std::string reason, std::string mend) {
    check.verdict = verdict;
    check.reason = std::move(reason);
    check.mend = std::move(mend);
    return check;
}

std::string number(std::size_t n) { return std::to_string(n); }

}  // namespace

Check made(const char* name, bool critical, std::string looked_at) { return {name, critical, Verdict::kPass, std::move(looked_at), "", ""}; }

Subject look(sysd::Manager* manager, const std::string& no_manager, const std::string& conf_file, std::optional<NginxVersion> configured) {
    Subject subject;
    subject.manager = manager;
    subject.no_manager = no_manager;
    subject.nginx.source.conf_file = conf_file;
    if (manager) {
        auto nginx = find_nginx(*manager, conf_file);
        if (nginx) subject.nginx = *std::move(nginx);
        if (!nginx) subject.no_manager = nginx.error().text;
    }
    if (configured) {
        subject.nginx.source.compatible = *configured;
        subject.nginx.source.compatible_from = "bext.config.toml";
    }
    subject.survey = survey(subject.nginx.source);
    conf::DiskFiles files;
    net::SystemNames names;
    auto configuration = loader::read_configuration(subject.nginx.source, files, names, [&](std::string line) { subject.warnings.push_back(std::move(line)); });
    if (configuration) subject.configuration = *std::move(configuration);
    if (!configuration) subject.refusal = configuration.error().text;
    return subject;
}

Checks run_checks(const Subject& subject) {
    Checks checks;
    for (auto check : {check_configuration, check_certificates, check_nginx, check_ports, check_roots, check_upstreams, check_permissions,
                       check_systemd, check_directives, check_expiry, check_listens, check_way_back, check_disk, check_descriptors,
                       check_modules, check_version, check_command_line, check_sandbox, check_nameservers, check_dependents})
        checks.push_back(check(subject));
    return checks;
}

Check check_configuration(const Subject& subject) {
    auto path = loader::conf_file_of(subject.nginx.source);
    auto check = made("Config Parsed", true, path + ", " + counted(subject.survey.directives.size(), "directive"));
    if (!subject.nginx.source.prefix.empty())
        return verdict(check, Verdict::kFail, "nginx runs with the prefix " + subject.nginx.source.prefix + ", which bext.service does not take",
                       "use absolute paths and start nginx without -p");
    if (!subject.configuration)
        return with_faults(check, Verdict::kFail, {fault_of(subject.refusal)}, "correct it; bext-server nginx check -c " + path + " tests it again");
    std::vector<Fault> warnings;
    for (auto& one : subject.warnings) warnings.push_back(fault_of(one));
    return with_faults(check, Verdict::kWarn, std::move(warnings), "");
}

Check check_certificates(const Subject& subject) {
    std::size_t files = 0;
    std::vector<Fault> unreadable;
    auto check = made("SSL Certs Accessible", true, "");
    auto path = loader::conf_file_of(subject.nginx.source);
    for (auto* name : {"ssl_certificate", "ssl_certificate_key"})
        for (auto* one : subject.survey.named(name)) {
            auto& file = one->words.size() > 1 ? one->words[1] : one->words[0];
            if (file.find('$') != std::string::npos || file.starts_with("data:") || file.starts_with("engine:")) continue;
            ++files;
            auto whole = conf::absolute_path(path.substr(0, path.rfind('/') + 1), file);
            if (access(whole.c_str(), R_OK) != 0) unreadable.push_back({one->place, Error::from_errno("reading " + whole).text});
        }
    check.looked_at = counted(files, "file");
    return with_faults(check, Verdict::kFail, std::move(unreadable), "make the file readable for root, or name the right one");
}

Check check_nginx(const Subject& subject) {
    auto& nginx = subject.nginx;
    auto check = made("nginx Running", false, nginx.running() ? nginx.version + ", process " + number(static_cast<std::size_t>(nginx.master)) + ", " + nginx.program : "nginx.service");
    if (nginx.running()) return check;
    if (nginx.outside)
        return verdict(check, Verdict::kWarn, "nginx runs as process " + number(static_cast<std::size_t>(nginx.outside)) + ", outside of nginx.service",
                       "nginx -s quit; systemctl start nginx: only what nginx.service runs can be handed over, here and with masquerade");
    return verdict(check, Verdict::kWarn, "nginx does not run under nginx.service", "nothing is taken over then: bext opens the ports itself");
}

Check check_permissions(const Subject&) {
    auto check = made("Process Permissions", true, "user " + number(geteuid()));
    if (geteuid() == 0) return check;
    return verdict(check, Verdict::kFail, "only root may stop nginx and start bext", "run it with sudo");
}

Check check_systemd(const Subject& subject) {
    auto check = made("systemd Available", true, "systemd, nginx.service, bext.service, package managers");
    if (!subject.manager || !subject.no_manager.empty())
        return verdict(check, Verdict::kFail, subject.no_manager, "a takeover needs a machine that systemd runs");
    if (!subject.nginx.unit.exists()) return verdict(check, Verdict::kFail, "there is no nginx.service", "systemctl enable --now bext is all that is needed");
    if (subject.nginx.masquerade)
        return verdict(check, Verdict::kFail, "nginx.service is bext already (masquerade)", "bext nginx masquerade uninstall ends that");
    if (subject.nginx.unit.load_state != "loaded" && subject.nginx.unit.load_state != "masked")
        return verdict(check, Verdict::kFail, "nginx.service is " + subject.nginx.unit.load_state, "systemctl status nginx says why");
    auto bext = subject.manager->unit(kBext);
    if (!bext || bext->load_state != "loaded")
        return verdict(check, Verdict::kFail, "bext.service is " + (bext ? bext->load_state : bext.error().text), "install the bext package");
    if (bext->active()) return verdict(check, Verdict::kFail, "bext.service runs already", "systemctl disable --now bext, if it is to take nginx's place");
    if (auto free = no_packages_at_work(); !free) return verdict(check, Verdict::kFail, free.error().text, "wait for it");
    return check;
}

Check check_directives(const Subject& subject) {
    auto check = made("Directives", true, counted(subject.survey.directives.size(), "directive"));
    auto all = unserved_of(subject.survey);
    if (all.empty()) return check;
    std::vector<Fault> faults;
    for (auto& one : all) faults.push_back({one.place, cat({one.directive, one.module.empty() ? "" : " of ", one.module})});
    check = with_faults(check, Verdict::kFail, std::move(faults), "bext nginx-takeover --check lists them all, with nginx's modules; remove them, or stay with nginx");
    check.reason = number(all.size()) + " that bext does not have: " + check.reason;
    return check;
}

/// What nginx.service would start and what runs must read the same file: the way back starts the unit.
Check check_command_line(const Subject& subject) {
    auto& nginx = subject.nginx;
    auto check = made("Command Line", true, nginx.running() ? nginx.title : "nginx.service");
    if (!nginx.running() || !nginx.unit_conf || nginx.title.find("master process") == std::string::npos) return check;
    auto named = [](const std::string& file) { return file.empty() ? "/etc/nginx/nginx.conf" : file; };
    auto runs = named(option_in(nginx.title, "-c")), starts = named(*nginx.unit_conf);
    if (runs == starts) return check;
    return verdict(check, Verdict::kFail, "nginx was started with " + runs + ", and nginx.service would start it with " + starts,
                   "systemctl restart nginx, if the unit is right; correct its ExecStart= otherwise: the way back starts the unit");
}

Check check_way_back(const Subject& subject) {
    auto check = made("Way Back", true, subject.nginx.program + " -t");
    if (!subject.nginx.unit.exists()) return check;
    auto good = nginx_accepts(subject.nginx);
    if (!good) return verdict(check, Verdict::kFail, "nginx could not be started again: " + good.error().text, "correct the configuration that is on the disk");
    if (good->empty()) return check;
    return verdict(check, Verdict::kWarn, *good + "; by itself nginx would not start, on the sockets that bext keeps it does", "");
}

Check check_disk(const Subject&) {
    std::string journal = exists("/var/lib/bext") ? "/var/lib/bext" : "/var/lib";
    auto check = made("Disk", true, journal + " and /run");
    for (auto& place : {journal, std::string("/run")}) {
        struct statvfs facts {};
        if (statvfs(place.c_str(), &facts) != 0) return verdict(check, Verdict::kFail, Error::from_errno("statvfs() of " + place).text, "");
        if (facts.f_flag & ST_RDONLY) return verdict(check, Verdict::kFail, place + " is read-only", "mount it for writing");
        auto room = facts.f_bavail * facts.f_frsize;
        if (room < kLeast || (facts.f_files && facts.f_favail < 100))
            return verdict(check, Verdict::kFail, "only " + number(room / 1024) + " KiB and " + counted(facts.f_favail, "file") + (facts.f_favail == 1 ? " is" : " are") + " free in " + place,
                           "make room for " + number(kLeast / 1024 / 1024) + " MiB and 100 files");
    }
    if (access("/etc/systemd/system", W_OK) != 0 && geteuid() == 0)
        return verdict(check, Verdict::kFail, "/etc/systemd/system cannot be written", "mount /etc for writing");
    return check;
}

Check check_descriptors(const Subject& subject) {
    constexpr std::int64_t kUnit = 1'048'576;  // LimitNOFILE= of bext.service
    auto check = made("Descriptors", false, "worker_connections and limits");
    if (!subject.configuration) return check;
    auto wanted = subject.configuration->worker_connections * static_cast<std::int64_t>(std::max(1u, subject.configuration->plan.worker_threads)) * 2;
    auto limit = subject.configuration->plan.rlimit_nofile > 0 ? subject.configuration->plan.rlimit_nofile : kUnit;
    check.looked_at = number(static_cast<std::size_t>(wanted)) + " wanted at most, " + number(static_cast<std::size_t>(limit)) + " allowed";
    if (wanted <= limit) return check;
    return verdict(check, Verdict::kWarn, "all workers share one limit in bext", "raise worker_rlimit_nofile, or LimitNOFILE= of bext.service");
}

/// Whose defaults bext will have (docs/nginx-versions.md).
Check check_version(const Subject& subject) {
    auto& source = subject.nginx.source;
    auto check = made("nginx Version", false, "compatible with nginx " + source.compatible.text());
    auto runs = NginxVersion::parse(subject.nginx.version);
    if (!runs)
        return verdict(check, Verdict::kWarn, "what version of nginx runs is not known, so that the defaults are those of " + source.compatible.text(),
                       "say it in bext.config.toml: [nginx] compatible = \"1.22\"");
    if (source.compatible == *runs) return check;
    if (*runs < kOldestNginx && source.compatible == kOldestNginx)
        return verdict(check, Verdict::kWarn, subject.nginx.version + " runs, which is older than what bext knows: the defaults are those of " + kOldestNginx.text(), "");
    if (*runs > kNewestNginx && source.compatible == kNewestNginx)
        return verdict(check, Verdict::kWarn, subject.nginx.version + " runs, which is newer than what bext knows: the defaults are those of " + kNewestNginx.text(), "");
    return verdict(check, Verdict::kWarn, subject.nginx.version + " runs, but bext.config.toml says [nginx] compatible = \"" + source.compatible.text() + "\"",
                   "docs/nginx-versions.md says what differs; without the line bext keeps what nginx does");
}

Check check_modules(const Subject& subject) {
    auto loaded = loaded_modules(subject.survey);
    auto check = made("Modules", false, number(loaded.size()) + " loaded");
    std::string absent;
    for (auto& name : loaded)
        if (!loader::built_in_module(name)) absent += (absent.empty() ? "" : ", ") + name;
    if (absent.empty()) return check;
    return verdict(check, Verdict::kWarn, "bext does without " + absent,
                   "nothing, unless Directives names one of them; Debian: apt remove the libnginx-mod package when nothing uses it");
}

}  // namespace bext::takeover
