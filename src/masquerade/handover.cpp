#include "masquerade/handover.h"

#include <signal.h>

#include "base/program.h"
#include "masquerade/files.h"
#include "masquerade/process.h"
#include "masquerade/unit.h"
#include "supervisor/control.h"
#include "supervisor/stand_aside.h"
#include "sysd/notify_for.h"

namespace bext::masquerade {
namespace {

constexpr int kStartTime = 60'000;   // ms, for a server to take the configuration and serve
constexpr int kTellTime = 10'000;    // for systemd to learn of another main process
constexpr int kEndTime = 3'000;      // that we watch the one before finish; it may take longer
constexpr int kReloadTime = 150'000;
constexpr int kTestTime = 60'000;

/// A supervisor answers, and its configuration is in force. One that has no place for its socket shows it by its worker, as
/// nginx does: whoever is named by the pid file has tried to listen for commands already.
bool serves(pid_t pid) {
    auto status = supervisor::ask(pid, "status", kTellTime);
    if (!status) return server_of(pid) == Server::kBext && !children_of(pid).empty();
    return *status && (**status).find("\"generation\":0,") == std::string::npos;
}

/// Reads the configuration again; without an answer where there is no socket to ask on.
Result<> reload(pid_t pid) {
    if (auto told = supervisor::ask(pid, "reload", kReloadTime)) return *told ? Result<>() : Result<>(told->error());
    if (kill(pid, SIGHUP) == 0) return {};
    return Error::from_errno("kill(" + std::to_string(pid) + ", SIGHUP)");
}

std::string old_pid_file(const Service& service) { return service.pid_file + ".oldbin"; }

/// The process that the main one has started to follow it, when that was begun already.
pid_t successor_of(pid_t main, const std::string& pid_file, Server kind) {
    auto pid = pid_in(pid_file);
    return pid > 0 && pid != main && parent_of(pid) == main && server_of(pid) == kind ? pid : 0;
}

Result<> make_main(sysd::Manager& manager, const Settings& settings, pid_t before, pid_t next) {
    if (auto told = sysd::notify_for(before, "MAINPID=" + std::to_string(next)); !told) return told;
    bool known = wait_until(kTellTime, [&] {
        auto unit = manager.unit(settings.unit);
        return unit && unit->main_pid == next;
    });
    if (known) return {};
    return Error{"systemd does not take process " + std::to_string(next) + " for the main one of " + settings.unit};
}

/// Has nginx execute what stands in its place, and waits until that serves. On an error nginx goes on as if nothing had been.
Result<pid_t> start_bext(const Service& service, const Settings& settings) {
    auto nginx = service.unit.main_pid;
    auto next = successor_of(nginx, service.pid_file, Server::kBext);
    if (!next) {
        if (service.nginx_words.front() != settings.shim_bin)
            return Error{settings.unit + " does not start nginx as " + settings.shim_bin + "; run it with --no-now, then restart " + settings.unit};
        Arrival begun(old_pid_file(service));
        if (kill(nginx, SIGUSR2) != 0) return Error::from_errno("kill(" + std::to_string(nginx) + ", SIGUSR2)");
        wait_until(kStartTime, [&] {
            next = successor_of(nginx, service.pid_file, Server::kBext);
            return next || server_of(nginx) == Server::kNone || (begun.seen() && pid_in(service.pid_file) == nginx);
        });
    }
    Error refused{"bext did not start in nginx's place; nginx's error log says why"};
    if (!next) return refused;
    bool good = wait_until(kStartTime, [&] { return serves(next) || server_of(next) == Server::kNone; });
    if (good && server_of(next) == Server::kBext) return next;
    kill(next, SIGTERM);
    return refused;
}

/// The nginx that still lives beside bext finishes what it has begun.
void finish_nginx(const Service& service) {
    auto old = pid_in(old_pid_file(service));
    if (server_of(old) != Server::kOther || name_of(old) != "nginx") return;
    kill(old, SIGQUIT);
    wait_until(kEndTime, [old] { return server_of(old) == Server::kNone; });
}

Result<> to_bext(sysd::Manager& manager, const Settings& settings) {
    auto service = find_service(manager, settings);
    if (!service) return service.error();
    if (!service->unit.active()) return {};
    auto pid = service->unit.main_pid;
    if (server_of(pid) != Server::kBext) {
        auto next = start_bext(*service, settings);
        if (!next) return next.error();
        if (auto go = failpoint("handover-serves"); !go) return go;
        if (auto made = make_main(manager, settings, pid, *next); !made) return made;
        pid = *next;
    }
    if (auto go = failpoint("handover-main"); !go) return go;
    // systemd listens to it only now: a reload, which changes nothing else, gives it the sockets to keep.
    if (auto told = reload(pid); !told) return told;
    finish_nginx(*service);
    return {};
}

/// nginx accepts its own configuration, so it can follow.
Result<> test_nginx(const Service& service, const Settings& settings) {
    auto real = settings.real_bin();
    if (!exists(real)) return Error{"there is no nginx to give " + settings.unit + " to: stop the unit first, or install nginx"};
    std::vector<std::string> words{real, "-t", "-q"};
    for (std::size_t i = 1; i < service.nginx_words.size(); ++i) words.push_back(service.nginx_words[i]);
    auto good = run_good(words, kTestTime);
    if (good) return {};
    return Error{"nginx cannot take over: " + good.error().text + "; mend the configuration, or use --no-now"};
}

/// Tells bext by a file of root's what to execute, and then to do so. A bext from before there was that file is told all at once.
Result<> have_nginx_started(pid_t bext, const Service& service, const Settings& settings) {
    supervisor::StandAside nginx{settings.named_nginx(), {settings.shim_bin}};
    nginx.argv.insert(nginx.argv.end(), service.nginx_words.begin() + 1, service.nginx_words.end());
    auto text = supervisor::stand_aside_text(nginx);
    if (auto written = replace_file(supervisor::kStandAsidePath, text, 0600); !written) return written;
    auto started = supervisor::ask(bext, "stand-aside", kTellTime);
    if (started && !*started && started->error().text.starts_with("unknown request "))
        started = supervisor::ask(bext, "stand-aside\n" + text.substr(0, text.size() - 1), kTellTime);
    if (auto removed = remove_file(supervisor::kStandAsidePath); !removed) return removed.error();
    if (!started) return Error{"bext cannot be asked from here; use --no-now, then restart " + settings.unit};
    return *started ? Result<>() : Result<>(started->error());
}

/// Has bext execute nginx, and waits until that has workers. On an error bext goes on.
Result<pid_t> start_nginx(const Service& service, const Settings& settings) {
    auto bext = service.unit.main_pid;
    auto next = successor_of(bext, service.pid_file, Server::kOther);
    if (!next) {
        if (auto good = test_nginx(service, settings); !good) return good.error();
        if (auto begun = have_nginx_started(bext, service, settings); !begun) return begun.error();
    }
    bool serves = wait_until(kStartTime, [&] {
        next = successor_of(bext, service.pid_file, Server::kOther);
        return (next && !children_of(next).empty()) || pid_in(service.pid_file) == bext;
    });
    if (serves && next) return next;
    return Error{"nginx did not start in bext's place; its error log says why, and bext serves on"};
}

/// nginx is still the main process; a bext that it has started goes, and nginx carries on as if nothing had been.
Result<> recall_bext(const Service& service) {
    auto nginx = service.unit.main_pid;
    auto bext = successor_of(nginx, service.pid_file, Server::kBext);
    if (!bext) return {};
    kill(bext, SIGQUIT);
    bool back = wait_until(kStartTime, [&] { return pid_in(service.pid_file) == nginx; });
    return back ? Result<>() : Result<>(Error{"bext, process " + std::to_string(bext) + ", does not end"});
}

Result<> to_nginx(sysd::Manager& manager, const Settings& settings) {
    auto service = find_service(manager, settings);
    if (!service) return service.error();
    auto bext = service->unit.main_pid;
    if (!service->unit.active()) return {};
    if (server_of(bext) != Server::kBext) return recall_bext(*service);
    finish_nginx(*service);
    auto next = start_nginx(*service, settings);
    if (!next) return next.error();
    if (auto go = failpoint("undo-handover-serves"); !go) return go;
    // Asked to finish, bext itself tells systemd who follows it, and gives back the sockets that systemd keeps.
    if (kill(bext, SIGQUIT) != 0) return Error::from_errno("kill(" + std::to_string(bext) + ", SIGQUIT)");
    bool known = wait_until(kTellTime, [&] {
        auto unit = manager.unit(settings.unit);
        return unit && unit->main_pid == *next;
    });
    if (!known) return Error{"systemd does not take nginx, process " + std::to_string(*next) + ", for the main one of " + settings.unit};
    wait_until(kEndTime, [bext] { return server_of(bext) == Server::kNone; });
    return {};
}

}  // namespace

Step handover_step(const Settings& settings, sysd::Manager& manager, bool undoing) {
    Step step;
    step.name = "handover";
    step.does = "what runs is bext";
    step.undoes = "what runs is nginx";
    step.check = [&manager, settings, undoing]() -> Result<State> {
        auto service = find_service(manager, settings);
        if (!service) return service.error();
        if (!service->unit.active()) return undoing ? State::kAbsent : State::kDone;
        auto main = service->unit.main_pid;
        if (server_of(main) != Server::kBext) return successor_of(main, service->pid_file, Server::kBext) ? State::kPartly : State::kAbsent;
        auto old = pid_in(old_pid_file(*service));
        return !undoing && server_of(old) == Server::kOther && name_of(old) == "nginx" ? State::kPartly : State::kDone;
    };
    step.apply = [&manager, settings](Journal&) { return to_bext(manager, settings); };
    step.undo = [&manager, settings](Journal&) { return to_nginx(manager, settings); };
    return step;
}

}  // namespace bext::masquerade
