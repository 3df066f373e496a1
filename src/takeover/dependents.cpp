#include "takeover/dependents.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "base/counted.h"
#include "base/json.h"
#include "base/text.h"
#include "takeover/checks.h"
#include "takeover/disk.h"

namespace bext::takeover {
namespace {

/// Where a kind of program is told what to do, and what a line of it has that asks for nginx.
struct Where {
    const char* kind;
    const char* directory;  // or a file
    bool plugin = false;    // certbot's own: "installer = nginx"
};

constexpr Where kPlaces[] = {
    {"certbot", "/etc/letsencrypt/renewal", true}, {"certbot", "/etc/letsencrypt/cli.ini", true}, {"certbot", "/etc/letsencrypt/renewal-hooks/pre"},
    {"certbot", "/etc/letsencrypt/renewal-hooks/deploy"}, {"certbot", "/etc/letsencrypt/renewal-hooks/post"}, {"acme.sh", "/root/.acme.sh"},
    {"dehydrated", "/etc/dehydrated"}, {"logrotate", "/etc/logrotate.d"}, {"cron", "/etc/crontab"}, {"cron", "/etc/cron.d"}, {"cron", "/etc/cron.hourly"},
    {"cron", "/etc/cron.daily"}, {"cron", "/etc/cron.weekly"}, {"cron", "/etc/cron.monthly"}, {"cron", "/var/spool/cron/crontabs"}, {"cron", "/var/spool/cron"},
    {"monit", "/etc/monit/monitrc"}, {"monit", "/etc/monit/conf.d"}, {"monit", "/etc/monit/conf-enabled"}, {"monit", "/etc/monit.d"},
};

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

/// Whether a command or a setting asks for nginx's service, its program, its process or its pid file.
bool asks(std::string_view line, bool plugin) {
    if (!has(line, "nginx")) return false;
    if (plugin && (line.starts_with("installer") || line.starts_with("authenticator"))) return true;
    for (auto* word : {"systemctl", "service ", "invoke-rc.d", "init.d/nginx", "rc.d/nginx", "nginx -s", "nginx.pid", "pidof", "pkill", "killall", "pgrep", "sbin/nginx",
                       "nginx.service", "process nginx", "nginx -t"})
        if (has(line, word)) return true;
    return false;
}

std::string happens(std::string_view kind, std::string_view line) {
    if (line.starts_with("installer") || line.starts_with("authenticator"))
        return "certbot starts an nginx of its own to have it reload, which fails on the ports: certificates are not renewed, and expire";
    if (kind == "logrotate") return "nobody is told to open the rotated log files again: bext goes on writing into the old ones";
    if (kind == "monit") return "nginx is found dead, again and again";
    if (has(line, "nginx -s") || has(line, "nginx.pid")) return "there is no process in nginx's pid file: it fails";
    if (has(line, "start nginx") && !has(line, "restart nginx")) return "systemd answers that it is done, and does nothing";
    return "nginx.service is not active: it fails, and bext goes on with the configuration and the certificates that it has";
}

std::vector<std::string> files_in(const std::string& path) {
    std::vector<std::string> files;
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0) return files;
    if (S_ISREG(facts.st_mode)) return {path};
    std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
    while (auto* entry = directory ? readdir(directory.get()) : nullptr) {
        auto file = path + "/" + entry->d_name;
        if (entry->d_name[0] != '.' && stat(file.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_size < 1 << 20) files.push_back(file);
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

std::vector<Dependent> dependents(const std::string& root) {
    std::vector<Dependent> all;
    for (auto& where : kPlaces)
        for (auto& file : files_in(root + where.directory)) {
            auto name = file.substr(root.size());
            bool own = name.ends_with("/bext") || std::any_of(all.begin(), all.end(), [&](auto& one) { return one.place.starts_with(name + ":"); });
            std::size_t number = 0;
            auto text = own ? std::string() : read_small(file);
            for (auto line : split(text, '\n')) {
                ++number;
                line = trim(line);
                if (line.starts_with('#') || !asks(line, where.plugin)) continue;
                all.push_back({where.kind, name + ":" + std::to_string(number), happens(where.kind, line)});
                break;
            }
        }
    return all;
}

std::string not_yet_text(const std::vector<Dependent>& all) {
    std::string text = "not yet: what asks for nginx by its name finds none: nginx -s reload, systemctl reload nginx";
    text += all.empty() ? "\n" : ", and\n";
    for (auto& one : all) text += cat({"  ", one.kind, " (", one.place, "): ", one.happens, "\n"});
    return cat({text, "next: ", kNextStep, " has bext answer all of that; bext rollback goes back to nginx\n"});
}

std::string json_of(const std::vector<Dependent>& all) {
    std::string text = "[";
    for (auto& one : all)
        text += cat({text.size() > 1 ? "," : "", "{\"kind\":", json_text(one.kind), ",\"place\":", json_text(one.place), ",\"happens\":", json_text(one.happens), "}"});
    return text + "]";
}

std::string next_json() { return cat({"{\"command\":", json_text(kNextStep), ",\"asks_for_nginx\":", json_of(dependents()), "}\n"}); }

Check check_dependents(const Subject&) {
    Check check{"Asks For nginx", false, Verdict::kPass, "certificates' renewals, hooks, logrotate, cron, monit", "", ""};
    auto all = dependents();
    if (all.empty()) return check;
    check.looked_at = counted(all.size(), "place") + " that ask" + (all.size() == 1 ? "s" : "") + " for nginx, which finds none after a takeover";
    std::vector<Fault> faults;
    for (auto& one : all) faults.push_back({one.place, cat({one.kind, ": ", one.happens})});
    return with_faults(check, Verdict::kWarn, std::move(faults), cat({"--masquerade goes on into nginx's place, where bext answers them; or ", kNextStep, " afterwards"}));
}

}  // namespace bext::takeover
