// The checks of addresses, directories, certificates and upstreams.
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <set>

#include "base/counted.h"
#include "base/fd.h"
#include "base/text.h"
#include "conf/files.h"
#include "net/address.h"
#include "takeover/backends.h"
#include "takeover/checks.h"
#include "takeover/disk.h"
#include "takeover/places.h"
#include "takeover/process.h"
#include "tls/radar.h"

namespace bext::takeover {
namespace {

constexpr int kSoon = 14;  // days

/// A listening TCP socket as /proc/net/tcp and tcp6 show it.
struct Listening {
    int family = AF_INET;
    std::string bytes;  // of the address, in network order
    std::uint16_t port = 0;
    std::uint64_t inode = 0;

    bool wildcard() const { return bytes.find_first_not_of('\0') == std::string::npos; }
};

std::vector<Listening> listening_sockets() {
    std::vector<Listening> all;
    for (auto [path, family] : {std::pair{"/proc/net/tcp", AF_INET}, {"/proc/net/tcp6", AF_INET6}}) {
        auto text = read_small(path);
        for (auto line : split(text, '\n')) {
            std::vector<std::string_view> fields;
            for (auto field : split(line, ' '))
                if (!field.empty()) fields.push_back(field);
            if (fields.size() < 10 || fields[3] != "0A") continue;
            auto colon = fields[1].find(':');
            Listening one{family, "", static_cast<std::uint16_t>(parse_hex(fields[1].substr(colon + 1)).value_or(0)), parse_decimal(fields[9]).value_or(0)};
            // Words of 32 bits, each in the machine's own order.
            for (std::size_t at = 0; at + 8 <= colon; at += 8) {
                auto word = static_cast<std::uint32_t>(parse_hex(fields[1].substr(at, 8)).value_or(0));
                one.bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
            }
            all.push_back(std::move(one));
        }
    }
    return all;
}

/// Who has a socket.
struct Holder {
    pid_t pid = 0;
    std::string name, unit;  // the unit is "" when the process belongs to none
    bool bext = false;
};

/// The last part of a process's control group that names a service.
std::string unit_of(pid_t pid) {
    auto text = read_small("/proc/" + std::to_string(pid) + "/cgroup");
    auto end = text.find(".service");
    if (end == std::string::npos) return "";
    auto start = text.rfind('/', end);
    return text.substr(start + 1, end + 8 - start - 1);
}

/// systemd keeps duplicates of a service's sockets: it counts only when nobody else has it.
Holder holder_of_socket(std::uint64_t inode) {
    Holder found;
    std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc"), closedir);
    while (auto* entry = directory ? readdir(directory.get()) : nullptr) {
        auto number = parse_decimal(entry->d_name, INT32_MAX);
        auto pid = static_cast<pid_t>(number.value_or(0));
        if (!number || (found.pid && pid == 1) || !sockets_of({pid}).contains(inode)) continue;
        auto name = read_small(cat({"/proc/", entry->d_name, "/comm"}));
        auto process = Process::find(pid);
        found = {pid, std::string(trim(name, "\n")), pid == 1 ? "" : unit_of(pid), process && is_bext(process->program())};
        if (pid != 1) break;
    }
    return found;
}

/// Who it is, and what to do about it.
std::pair<std::string, std::string> about(const Holder& holder) {
    auto process = cat({" (process ", std::to_string(holder.pid), ")"});
    if (!holder.pid) return {"another process", "stop that process, or listen elsewhere; ss -ltnp shows who listens"};
    if (holder.pid == 1) return {cat({"systemd", process, " for a unit that is not running"}), "systemctl list-sockets shows which; stop its socket unit, or listen elsewhere"};
    if (holder.bext && holder.unit == kNginx) return {cat({"bext, in nginx's place", process}), "bext nginx masquerade status tells of it: there is nothing to take over"};
    if (holder.unit == kBext) return {kBext + process, "systemctl disable --now bext, if it is to take nginx's place"};
    if (holder.name == "nginx" && holder.unit != kNginx)
        return {cat({"nginx", process, ", which runs outside of nginx.service"}), "nginx -s quit; systemctl start nginx: only what nginx.service runs can be handed over"};
    return {holder.name + process, "stop that process, or listen elsewhere; ss -ltnp shows who listens"};
}

std::set<std::uint64_t> nginx_sockets(const Subject& subject) {
    if (!subject.nginx.running()) return {};
    return sockets_of({subject.nginx.master});
}

net::Address address_of(const handoff::Listen& listen) {
    return {reinterpret_cast<const sockaddr*>(listen.address.data()), static_cast<socklen_t>(listen.address.size())};
}

}  // namespace

Check check_ports(const Subject& subject) {
    auto check = made("Port Availability", true, "");
    if (!subject.configuration) {
        check.looked_at = "nothing, since the configuration cannot be read";
        return check;
    }
    auto own = nginx_sockets(subject);
    auto all = listening_sockets();
    std::vector<Fault> taken;
    std::string mend;
    for (auto& listen : subject.configuration->plan.listens) {
        auto address = address_of(listen);
        check.looked_at += (check.looked_at.empty() ? "" : " ") + listen.text;
        for (auto& one : all) {
            bool meets = one.port == address.port() && one.port != 0 && one.family == address.family() &&
                         (one.wildcard() || address.wildcard() || one.bytes == address.bytes());
            if (!meets || own.contains(one.inode)) continue;
            auto [who, what] = about(holder_of_socket(one.inode));
            taken.push_back({"", listen.text + " is held by " + who});
            if (mend.empty()) mend = what;
        }
    }
    return with_faults(check, Verdict::kFail, taken, mend);
}

Check check_listens(const Subject& subject) {
    auto check = made("Listen Addresses", false, "nginx's sockets");
    if (!subject.configuration || !subject.nginx.running()) return check;
    std::set<std::string> wanted, open;
    for (auto& listen : subject.configuration->plan.listens) wanted.insert(listen.text);
    auto process = Process::find(subject.nginx.master);
    auto sockets = process ? process->listeners() : Result<std::vector<Fd>>(process.error());
    if (!sockets)
        return with_faults(check, Verdict::kWarn, {{"", sockets.error().text}}, "the sockets cannot be taken over: nginx is stopped first, and the ports are closed for a moment");
    for (auto& socket : *sockets) open.insert(address_text(socket.get()));
    check.looked_at = counted(open.size(), "socket") + " of nginx, " + std::to_string(wanted.size()) + " in the configuration";
    std::vector<Fault> troubles;
    for (auto& one : open)
        if (!wanted.contains(one)) troubles.push_back({"", "nginx listens on " + one + ", the configuration on the disk does not"});
    for (auto& one : wanted)
        if (!open.contains(one)) troubles.push_back({"", "nginx does not listen on " + one + " yet"});
    return with_faults(check, Verdict::kWarn, troubles, "systemctl reload nginx first, so that both agree");
}

Check check_roots(const Subject& subject) {
    auto roots = subject.survey.named("root");
    auto check = made("Root Directories", false, counted(roots.size(), "root"));
    std::vector<Fault> missing;
    for (auto* one : roots) {
        if (one->words.size() < 2 || one->words[1].find('$') != std::string::npos) continue;
        auto path = conf::absolute_path("/usr/share/nginx/", one->words[1]);
        struct stat facts {};
        if (stat(path.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) missing.push_back({one->place, path + " is no directory"});
    }
    return with_faults(check, Verdict::kWarn, missing, "nginx answers 404 there too; create it when that is not meant");
}

/// nginx answers 502 only where nobody is left to ask: a block with one server that answers, backup or not, goes on.
Check check_upstreams(const Subject& subject) {
    auto all = backends_of(subject.survey);
    std::set<std::string> seen, alive;
    for (auto& one : all)
        if (!one.upstream.empty() && one.health == Health::kUp) alive.insert(one.upstream);
    std::vector<Fault> silent, spared;
    std::size_t count = 0;
    for (auto& one : all) {
        count += seen.insert(one.address).second;
        if (one.health != Health::kDown || !seen.insert(one.upstream + " " + one.address).second) continue;
        auto text = cat({one.address, one.backup ? ", a backup, does not answer: " : " does not answer: ", one.reason});
        alive.contains(one.upstream) ? spared.push_back({one.place, cat({text, ", the others of ", one.upstream, " do"})}) : silent.push_back({one.place, text});
    }
    auto check = made("Upstream Backends", false, counted(count, "backend"));
    if (silent.empty()) return with_faults(check, Verdict::kWarn, spared, "requests go to the others, as with nginx; start them when that is not meant");
    silent.insert(silent.end(), spared.begin(), spared.end());
    return with_faults(check, Verdict::kWarn, silent, "nginx answers 502 there too; start them when that is not meant");
}

Check check_expiry(const Subject& subject) {
    auto check = made("Certificates", false, "expiry, key, names");
    auto path = loader::conf_file_of(subject.nginx.source);
    auto directory = path.substr(0, path.rfind('/') + 1);
    std::vector<Fault> troubles;
    std::size_t count = 0;
    for (auto* one : subject.survey.named("ssl_certificate")) {
        if (one->words.size() < 2 || one->words[1].find_first_of("$:") != std::string::npos) continue;
        std::string key;
        for (auto* other : subject.survey.named("ssl_certificate_key"))
            if (other->server == one->server && other->words.size() > 1) key = other->words[1];
        if (key.empty() || key.find_first_of("$:") != std::string::npos) continue;
        ++count;
        auto facts = tls::look_at(conf::absolute_path(directory, one->words[1]), conf::absolute_path(directory, key));
        auto say = [&](const std::string& text) { troubles.push_back({one->place, one->words[1] + " " + text}); };
        if (!facts) {
            say(facts.error().text);
            continue;
        }
        if (facts->days_left < 0) say("has expired");
        else if (facts->days_left < kSoon) say("expires in " + counted(static_cast<std::uint64_t>(facts->days_left), "day"));
        if (!facts->valid_yet) say("is not valid yet");
        if (!facts->key_matches) say("does not belong to its key");
        if (!facts->self_signed && facts->chain == 0) say("comes without the certificates between it and its authority");
        if (one->server < 0) continue;
        for (auto* names : subject.survey.named("server_name"))
            for (std::size_t i = 1; names->server == one->server && i < names->words.size(); ++i) {
                auto& name = names->words[i];
                if (name != "_" && !name.empty() && name.find_first_of("~*") == std::string::npos && name.front() != '.' && !facts->covers(lower(name)))
                    say("is not good for " + name);
            }
    }
    check.looked_at = counted(count, "certificate") + ": expiry, key, chain, names";
    return with_faults(check, Verdict::kWarn, troubles, "renew or replace them; bext serves them as nginx does");
}

}  // namespace bext::takeover
