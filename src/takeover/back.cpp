// The way back: from bext to nginx.
#include <signal.h>
#include <unistd.h>

#include "base/program.h"
#include "base/text.h"
#include "supervisor/control.h"
#include "sysd/unit_file.h"
#include "takeover/disk.h"
#include "takeover/engine.h"
#include "takeover/failpoint.h"
#include "takeover/gates.h"
#include "takeover/giver.h"
#include "takeover/here.h"
#include "takeover/places.h"
#include "takeover/process.h"

namespace bext::takeover {
namespace {

constexpr int kStartTime = 60'000, kStopTime = 60'000;  // ms
constexpr int kVerifyTime = 500, kBackWatch = 50, kPidTime = 10'000;
constexpr int kOpenTime = 10'000, kHearTime = 5000;
constexpr int kBackTime = 120;  // s, for a way back that goes well; bext finishes what it has under way for up to 30 of them

}  // namespace

bool Engine::may_roll_back() const { return allowed(journal_.state().phase, Phase::kRollingBack) || exists(kActiveBit); }

Result<> Engine::roll_back() {
    if (!allowed(journal_.state().phase, Phase::kRollingBack))
        if (auto done = adopt(); !done) return done;
    if (auto done = journal_.enter(Phase::kRollingBack); !done) return done;
    arm_back();
    return back_or_call_off();
}

/// The commit bit is there, and no journal that knows of it: nginx is to be what it is on most machines.
Result<> Engine::adopt() {
    if (auto done = journal_.begin(); !done) return done;
    if (auto done = journal_.enter(Phase::kTakingOver, "the commit bit was found, and no record of how it came there"); !done) return done;
    auto enabled = sysd::enabled_state(kNginx);
    bool masked = enabled && enabled->starts_with("masked");
    if (auto done = journal_.note("nginx-enabled", masked ? "masked" : "enabled"); !done) return done;
    return journal_.enter(Phase::kActive);
}

/// Should this process die, another one goes on. The way back does not depend on it.
void Engine::arm_back() {
    if (auto done = set_timer(kBackTime); !done) say_("no timer watches over this: " + done.error().text);
}

Result<> Engine::back_or_call_off() {
    auto done = give_back();
    if (done) return journal_.enter(Phase::kRolledBack);
    auto reason = done.error().text;
    call_off();
    if (auto noted = journal_.enter(Phase::kFailed, reason); !noted) reason += "; and then: " + noted.error().text;
    return Error{reason};
}

/// A rollback that failed before the commit bit went: bext serves on, and alone.
void Engine::call_off() {
    auto bext = manager_.unit(kBext);
    if (!exists(kActiveBit) || !bext || !bext->active()) return;
    disarm();
    say_("bext serves on");
    if (auto done = manager_.run(sysd::Job::kStop, kNginx, kStopTime); !done) say_(done.error().text);
    static_cast<void>(manager_.reset_failed(kNginx));
    if (journal_.state().note("nginx-enabled") == "masked") static_cast<void>(manager_.mask(kNginx));
    static_cast<void>(disable_nginx());
    static_cast<void>(manager_.daemon_reload());
}

/// Whatever was done so far: nginx serves alone, and starts at boot as it did. Can be repeated.
Result<> Engine::give_back() {
    undoing_ = true;
    boot_restored_ = false;
    if (auto done = clear_start(); !done) return done.error();
    auto& state = journal_.state();
    bool asked = state.phase == Phase::kRollingBack, wanted = asked || state.note("nginx-running") != "no";
    if (nginx_.program.empty()) {
        auto nginx = find_nginx(manager_, state.note("nginx-conf"));
        if (!nginx) return nginx.error();
        nginx_ = *std::move(nginx);
    }
    constexpr Step kSteps[] = {
        {"back-start", "starting nginx.service on the living sockets", &Engine::start_nginx},
        {"back-verify", "making sure that nginx.service answers", &Engine::verify_nginx},
    };
    for (auto& step : kSteps)
        if (wanted)
            if (auto done = run(step); !done) return done;
    if (auto done = run({"back-bit", "removing the commit bit: from now on nginx.service starts at boot", &Engine::release_bext}); !done) return done;
    return run({"back-clean", "removing what the takeover has put in place", &Engine::clean_up});
}

bool Engine::nginx_serves() {
    auto unit = manager_.unit(kNginx);
    if (!unit || !unit->active() || unit->main_pid <= 0) return false;
    auto process = Process::find(unit->main_pid);
    return process && is_bext(process->program()) == nginx_.masquerade && !process->program().ends_with("/bext");
}

Result<> Engine::start_nginx() {
    if (nginx_serves()) return {};
    if (auto good = nginx_accepts(nginx_); !good)
        return Error{"nginx refuses its configuration, so it cannot serve again: " + good.error().text};
    if (journal_.state().note("nginx-enabled") == "masked") {
        if (auto done = manager_.unmask(kNginx); !done) return done;
        if (auto done = manager_.daemon_reload(); !done) return done;
    }
    static_cast<void>(manager_.reset_failed(kNginx));
    auto bext = manager_.unit(kBext);
    if (!bext) return bext.error();
    std::vector<Fd> sockets;
    if (bext->active() && bext->main_pid > 0) {
        auto process = Process::find(bext->main_pid);
        auto found = process ? process->listeners() : Result<std::vector<Fd>>(process.error());
        if (found) sockets = *std::move(found);
    }
    auto& living = sockets.empty() ? taken_ : sockets;
    auto done = living.empty() ? Result<>(Error{"there are no living sockets"}) : start_nginx_on(living);
    if (done) return done;
    // What is asked for may fail; what undoes a takeover must not, as long as the ports can be freed for nginx.
    if (!sockets.empty() && exists(kActiveBit))
        return Error{"nginx does not start on bext's sockets: " + done.error().text + "; systemctl stop bext frees them, then bext rollback tries again"};
    sockets.clear();
    return start_nginx_afresh(done.error());
}

Result<> Engine::start_nginx_on(const std::vector<Fd>& sockets) {
    auto words = manager_.start_words(kNginx);
    if (!words) return words.error();
    if (words->empty()) return Error{"nginx.service does not say how nginx is started"};
    auto giver = Giver::open(kBackSocket, sockets);
    if (!giver) return giver.error();
    auto pid_file = nginx_.unit.pid_file.empty() ? "/run/nginx.pid" : nginx_.unit.pid_file;
    auto text = nginx_.masquerade ? bext_start() : nginx_start(own_program(), pid_file, *words);
    if (auto done = write_durably(kNginxStart, text); !done) return done;
    auto started = manager_.daemon_reload();
    if (started) started = manager_.run(sysd::Job::kStart, kNginx, kStartTime);
    // Only when nginx has written its pid file can the packaged unit, which reads it, be the unit again.
    pid_t pid = 0;
    for (int waited = 0; started && waited < kPidTime; waited += kBackWatch, usleep(kBackWatch * 1000)) {
        auto unit = manager_.unit(kNginx);
        if (!unit || !unit->active()) break;
        pid = static_cast<pid_t>(parse_decimal(trim(read_small(pid_file), " \n"), INT32_MAX).value_or(0));
        if (pid == unit->main_pid && nginx_serves()) break;
        pid = 0;
    }
    static_cast<void>(remove_start());
    if (auto done = manager_.daemon_reload(); !done) return done;
    if (!started) return started;
    if (pid) return {};
    return Error{"nginx ended at once; see journalctl -u nginx.service"};
}

/// The specification's way: the ports are free for a moment.
Result<> Engine::start_nginx_afresh(const Error& before) {
    say_("nginx cannot be started on the living sockets (" + before.text + "): bext is stopped first, and nginx binds then");
    if (auto done = remove_durably(kActiveBit); !done) return done;
    static_cast<void>(manager_.run(sysd::Job::kStop, kNginx, kStopTime));
    unpin_files();
    taken_.clear();
    static_cast<void>(manager_.run(sysd::Job::kStop, kBext, kStopTime));
    static_cast<void>(manager_.reset_failed(kNginx));
    auto started = manager_.run(sysd::Job::kStart, kNginx, kStartTime);
    if (started && nginx_serves()) return {};
    static_cast<void>(manager_.run(sysd::Job::kStop, kNginx, kStopTime));
    static_cast<void>(write_durably(kActiveBit, ""));  // better bext than nobody
    if (!manager_.run(sysd::Job::kStart, kBext, kStartTime)) static_cast<void>(remove_durably(kActiveBit));
    return Error{"nginx does not start: " + (started ? std::string("it ended at once") : started.error().text)};
}

/// nginx serves for a while, has every socket of bext's that its configuration asks for, and answers where anybody does. Before the commit
/// nginx is who serves in any case, and what is found is only told.
Result<> Engine::verify_nginx() {
    for (int waited = 0; waited < kVerifyTime; waited += kBackWatch, usleep(kBackWatch * 1000))
        if (!nginx_serves()) return Error{"nginx did not stay up; see journalctl -u nginx.service"};
    auto unit = manager_.unit(kNginx);
    if (!unit) return unit.error();
    auto configuration = read(nginx_.source);
    if (!configuration) return {};  // bext cannot read it any more, which is no reason against nginx
    auto pids = processes_of(unit->control_group);
    auto good = verify_sockets(*configuration, sockets_of(pids));
    auto targets = targets_of(*configuration);
    if (targets.size() > configuration->plan.listens.size()) targets.resize(configuration->plan.listens.size());
    remove_absent(targets);
    auto owner = [pids](std::uint64_t inode) { return sockets_of(pids).contains(inode); };
    for (auto& target : targets) {
        if (!good) break;
        if (!ask(target)) continue;  // nobody is there whom a client could notice to be missing
        if (auto answer = ask_owner(target, owner, kOpenTime); !answer) good = Error{"nginx: " + answer.error().text};
    }
    if (good || journal_.state().phase == Phase::kRollingBack) return good;
    say_(good.error().text);
    return {};
}

Result<> Engine::verify_sockets(const loader::Configuration& configuration, const std::set<std::uint64_t>& open) {
    auto bext = manager_.unit(kBext);
    if (!bext || !bext->active() || bext->main_pid <= 0) return {};
    auto process = Process::find(bext->main_pid);
    auto sockets = process ? process->listeners() : Result<std::vector<Fd>>(process.error());
    if (!sockets) return {};
    for (auto& socket : *sockets)
        for (auto& listen : configuration.plan.listens)
            if (listen.text == address_text(socket.get()) && !open.contains(inode_of(socket.get()))) return Error{"nginx does not accept on " + listen.text};
    return {};
}

Result<> Engine::restore_boot_state(bool bext_off) {
    auto enabled = boot_restored_ ? "" : journal_.state().note("nginx-enabled");
    if (enabled == "enabled")
        if (auto done = sysd::enable(kNginx); !done) return done;
    if (enabled == "masked")
        if (auto done = manager_.mask(kNginx); !done) return done;
    boot_restored_ = true;
    if (!bext_off) return {};
    return manager_.disable_file(kBext);
}

/// nginx is enabled before the bit goes, and bext stopped after it has gone: at every moment one of them starts at boot. Without
/// the bit nginx starts in any case, and bext must be stopped whatever else fails.
Result<> Engine::release_bext() {
    auto restored = restore_boot_state(false);
    if (!restored && exists(kActiveBit)) return restored;
    if (auto done = remove_durably(kActiveBit); !done) return done;
    if (auto done = remove_durably(kToken); !done) return done;
    if (auto done = failpoint("back-stop"); !done) return done;
    auto unit = manager_.unit(kBext);
    if (unit && !unit->active() && unit->active_state != "activating") return restored;
    say_("stopping bext, which finishes what it has under way");
    auto heard = unit && unit->main_pid > 0 ? supervisor::ask(unit->main_pid, "leave", kHearTime) : std::nullopt;
    // One that hangs finishes nothing, and what is waiting with it for its end would wait for nothing.
    if (heard && !*heard) static_cast<void>(run_program({"systemctl", "kill", "--kill-who=all", "--signal=KILL", kBext}, kOpenTime));
    if (auto done = manager_.run(sysd::Job::kStop, kBext, kStopTime); !done) return done;
    return restored;
}

Result<> Engine::clean_up() {
    unpin_files();
    if (auto done = restore_boot_state(true); !done) return done;
    if (auto done = remove_durably(kNginxVersion); !done) return done;
    if (auto done = remove_gates(); !done) return done;
    if (auto done = manager_.disable_file(kRecover); !done) return done;
    // Last: systemd 255 and later call every unit changed on the disk from each enabling and disabling on until they read all again.
    if (auto done = manager_.daemon_reload(); !done) return done;
    static_cast<void>(manager_.reset_failed(kBext));
    disarm();
    return {};
}

}  // namespace bext::takeover
