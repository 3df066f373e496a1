// The way forward: from nginx to bext.
#include <unistd.h>

#include <algorithm>

#include "base/counted.h"
#include "base/interrupts.h"
#include "base/log.h"
#include "base/program.h"
#include "base/text.h"
#include "conf/files.h"
#include "supervisor/control.h"
#include "sysd/unit_file.h"
#include "takeover/disk.h"
#include "takeover/engine.h"
#include "takeover/failpoint.h"
#include "takeover/gates.h"
#include "takeover/giver.h"
#include "takeover/here.h"
#include "takeover/nameservers.h"
#include "takeover/places.h"
#include "takeover/process.h"
#include "takeover/socket_files.h"
#include "takeover/survey.h"

namespace bext::takeover {
namespace {

constexpr int kForwardStartTime = 60'000, kForwardStopTime = 60'000, kPortTime = 3000, kForwardAnswerTime = 5000, kForwardWatch = 100;  // ms
constexpr int kDeadManMargin = 20;                                                       // s
constexpr std::string_view kPinned = "pinned:";                                            // notes: files of unix sockets
constexpr std::size_t kSampled = 50, kAll = 2000;  // addresses and names that are asked while nginx serves too, and alone

const std::string kWanted = "/etc/systemd/system/multi-user.target.wants/";

std::vector<pid_t> workers_of(const sysd::Unit& unit) {
    auto pids = processes_of(unit.control_group);
    std::erase(pids, unit.main_pid);
    return pids;
}

std::uint64_t figure(std::string_view json, const std::string& name) {
    auto at = json.find("\"" + name + "\":");
    if (at == std::string_view::npos) return 0;
    auto rest = json.substr(at + name.size() + 3);
    return parse_decimal(rest.substr(0, rest.find_first_not_of("0123456789"))).value_or(0);
}

}  // namespace

Result<loader::Configuration> read(const loader::Source& source) {
    conf::DiskFiles files;
    net::SystemNames names;
    return loader::read_configuration(source, files, names, [](std::string) {});
}

int error_share(const std::string& access_log) {
    constexpr std::size_t kTail = 64 * 1024;
    auto text = read_small(access_log);
    std::size_t all = 0, errors = 0;
    for (auto line : split(text.size() > kTail ? std::string_view(text).substr(text.size() - kTail) : std::string_view(text), '\n')) {
        auto at = line.find("\" ");
        if (at == std::string_view::npos || line.size() < at + 5) continue;
        ++all;
        errors += line[at + 2] == '5';
    }
    return all ? static_cast<int>(errors * 100 / all) : 0;
}

Result<> Engine::run(const Step& step) {
    if (Clock::now() > deadline_) return Error{cat({"the time was over before the step \"", step.name, "\""})};
    if (auto go_on = not_interrupted(); !go_on) return Error{cat({go_on.error().text, " before the step \"", step.name, "\""})};
    if (auto done = journal_.step(step.name, step.text); !done && !undoing_) return done;
    say_(step.text);
    if (auto done = failpoint(step.name); !done) return done;
    auto done = (this->*step.run)();
    if (!done) return Error{cat({step.name, ": ", done.error().text})};
    return {};
}

/// An error when a signal has asked for the way back and there is one: from a takeover until the commit, from a rollback until the
/// commit bit goes. What is being undone is undone.
Result<> Engine::not_interrupted() const {
    bool committed = exists(kActiveBit), back = journal_.state().phase == Phase::kRollingBack;
    if (!Interrupts::asked() || committed != back || (undoing_ && !back)) return {};
    return Error{"interrupted by a signal"};
}

Result<> Engine::take_over() {
    deadline_ = Clock::now() + std::chrono::seconds(settings_.timeout_s);
    if (auto done = journal_.enter(Phase::kTakingOver); !done) return done;
    auto done = forward();
    if (done) done = journal_.enter(Phase::kActive);
    if (exists(kActiveBit)) {  // committed: there is no way back but the one that is asked for
        if (done) disarm();
        return done;
    }
    say_("failed: " + done.error().text + "; nginx gets the ports back");
    auto reason = done.error().text;
    if (Clock::now() > deadline_ || reason.find("not done within") != std::string::npos)
        if (auto silent = silent_nameservers(nameservers_of(survey(nginx_.source), "/etc/resolv.conf")); !silent.empty()) reason += "; " + silent;
    deadline_ = Clock::time_point::max();
    if (auto back = give_back(); !back) reason += "; and then: " + back.error().text;
    if (auto noted = journal_.enter(Phase::kFailed, reason); !noted) reason += "; and then: " + noted.error().text;
    return Error{reason};
}

Result<> Engine::forward() {
    constexpr Step kSteps[] = {
        {"record", "writing down how nginx is started, and what it answers", &Engine::record},
        {"arm", "setting a timer that goes back to nginx should this process die", &Engine::arm},
        {"gates", "making the commit bit decide who starts at boot", &Engine::close_gates},
        {"give", "starting bext on nginx's own listening sockets", &Engine::start_bext},
        {"prove", "proving that bext answers on every address", &Engine::prove},
        {"stop", "stopping nginx, which finishes what it has under way", &Engine::stop_nginx},
        {"ports", "waiting until nobody but bext is on the ports", &Engine::wait_for_ports},
        {"alone", "proving that bext answers for every name", &Engine::prove_alone},
        {"probation", "watching errors and answer times", &Engine::probation},
        {"commit", "setting the commit bit: from now on bext starts at boot", &Engine::commit},
        {"disable", "disabling nginx", &Engine::disable_nginx},
    };
    static_assert(std::size(kSteps) == kForwardSteps);
    for (auto& step : kSteps)
        if (auto done = run(step); !done) return done;
    return {};
}

Result<> Engine::record() {
    auto nginx = find_nginx(manager_, settings_.conf_file);
    if (!nginx) return nginx.error();
    nginx_ = *std::move(nginx);
    auto enabled = sysd::enabled_state(kNginx);
    if (!enabled) return enabled.error();
    for (auto& [name, value] : {std::pair{"nginx-enabled", *enabled}, {"nginx-running", nginx_.running() ? "yes" : "no"},
                                {"nginx-conf", nginx_.source.conf_file}, {"nginx-prefix", nginx_.source.prefix}})
        if (auto noted = journal_.note(name, value); !noted) return noted;
    if (auto done = write_durably(kNginxVersion, nginx_.version + "\n"); !done) return done;
    auto configuration = read(nginx_.source);
    if (!configuration) return configuration.error();
    configuration_ = *std::move(configuration);
    return ask_nginx();
}

/// What is demanded of bext later: what nginx answers now, on every address that is here and every name.
Result<> Engine::ask_nginx() {
    auto all = targets_of(configuration_);
    auto absent = remove_absent(all);
    if (all.size() > kAll) all.resize(kAll);
    std::set<std::string> silent;
    for (auto& target : all) {
        if (auto go_on = not_interrupted(); !go_on) return go_on;
        auto answer = nginx_.running() ? ask(target) : Result<Answer>(Answer{});
        if (!answer) {
            silent.insert(target.address.text());
            continue;
        }
        targets_.push_back(target);
        before_.push_back(*answer);
    }
    std::string unasked;
    if (!absent.empty()) unasked = "addresses that are not of this machine now: " + some_of(absent);
    if (!silent.empty()) unasked += cat({unasked.empty() ? "" : "; ", "where nginx does not answer either: ", some_of({silent.begin(), silent.end()})});
    if (unasked.empty()) return {};
    say_("bext will not be asked on " + unasked);
    return journal_.step("record", "bext is not asked on " + unasked);
}

Result<> Engine::arm() {
    if (auto done = manager_.enable_file(kRecover); !done) return done;
    if (auto done = sync_directory(kWanted); !done) return done;
    return set_timer(settings_.timeout_s + settings_.probation_s + kDeadManMargin);
}

Result<> Engine::close_gates() {
    auto words = manager_.start_words(kBext);
    if (!words) return words.error();
    if (words->empty()) return Error{"bext.service does not say how bext is started"};
    if (auto done = write_gates(nginx_.source, words->front()); !done) return done;
    if (auto done = manager_.daemon_reload(); !done) return done;
    if (auto done = manager_.enable_file(kBext); !done) return done;
    if (auto done = manager_.daemon_reload(); !done) return done;
    return sync_directory(kWanted);
}

Result<> Engine::start_bext() {
    if (nginx_.running()) {
        auto process = Process::find(nginx_.master);
        if (!process) return process.error();
        auto sockets = process->listeners();
        if (sockets && !sockets->empty()) {
            taken_ = *std::move(sockets);
        } else {
            stop_first_ = true;
            say_("nginx's sockets cannot be taken (" + (sockets ? std::string("it has none") : sockets.error().text) +
                 "): nginx is stopped first, and bext binds then");
            return {};
        }
    }
    return launch_bext();
}

Result<> Engine::launch_bext() {
    if (auto done = write_durably(kToken, ""); !done) return done;
    auto giver = Giver::open(kGiveSocket, taken_);
    if (!giver) return giver.error();
    static_cast<void>(manager_.reset_failed(kBext));
    if (auto done = manager_.run(sysd::Job::kStart, kBext, kForwardStartTime); !done) return done;
    auto unit = manager_.unit(kBext);
    if (!unit) return unit.error();
    if (!unit->active()) return Error{"bext.service did not start; see journalctl -u bext.service"};
    return {};
}

/// bext is who it should be, and its worker has every socket.
Result<> Engine::prove() {
    if (stop_first_) return {};
    auto unit = manager_.unit(kBext);
    if (!unit) return unit.error();
    auto process = Process::find(unit->main_pid);
    if (!process) return process.error();
    if (!is_bext(process->program())) return Error{"bext.service runs \"" + process->program() + "\", not bext-server"};
    auto open = sockets_of(workers_of(*unit));
    for (auto& socket : taken_) {
        bool wanted = std::any_of(configuration_.plan.listens.begin(), configuration_.plan.listens.end(),
                                  [&](auto& listen) { return listen.text == address_text(socket.get()); });
        if (wanted && !open.contains(inode_of(socket.get()))) return Error{"bext does not accept on " + address_text(socket.get())};
    }
    return prove_targets(kSampled, 10'000);
}

Result<> Engine::prove_targets(std::size_t most, int patience_ms) {
    auto unit = manager_.unit(kBext);
    if (!unit) return unit.error();
    auto owner = [pids = workers_of(*unit)](std::uint64_t inode) { return sockets_of(pids).contains(inode); };
    for (std::size_t i = 0; i < targets_.size() && i < most; ++i) {
        if (Clock::now() > deadline_) return Error{"the time was over"};
        if (auto go_on = not_interrupted(); !go_on) return go_on;
        auto answer = ask_owner(targets_[i], owner, patience_ms);
        if (!answer && !is_here(targets_[i].address)) {
            say_("not asked any more, since the address has left: " + targets_[i].text());
            continue;
        }
        if (!answer) return Error{"bext: " + answer.error().text};
        if (nginx_.running() && worse(*answer, before_[i]))
            return Error{cat({"bext answers ", targets_[i].text(), " with ", std::to_string(answer->status), ", nginx did with ",
                              std::to_string(before_[i].status)})};
    }
    return {};
}

Result<> Engine::stop_nginx() {
    auto unit = manager_.unit(kNginx);
    if (!unit) return unit.error();
    if (!unit->active() && unit->active_state != "activating") return {};
    if (auto done = pin_files(*unit); !done) return done;
    return manager_.run(sysd::Job::kStop, kNginx, kForwardStopTime);
}

/// Noted first, so that whoever finishes or undoes this knows of them.
Result<> Engine::pin_files(const sysd::Unit& nginx) {
    auto process = Process::find(nginx.main_pid);
    auto sockets = process ? process->listeners() : Result<std::vector<Fd>>(process.error());
    if (!sockets || stop_first_) return {};
    for (auto& path : files_of(*sockets)) {
        if (auto done = journal_.note(cat({kPinned, path}), "yes"); !done) return done;
        if (auto done = pin(path); !done) return done;
    }
    return {};
}

void Engine::unpin_files() {
    for (auto& [name, value] : journal_.state().notes)
        if (name.starts_with(kPinned))
            if (auto done = unpin(name.substr(kPinned.size())); !done) say_(done.error().text);
}

/// Nobody of nginx's has a listening socket any more.
Result<> Engine::wait_for_ports() {
    auto unit = manager_.unit(kNginx);
    if (!unit) return unit.error();
    for (int waited = 0;; waited += kForwardWatch) {
        if (processes_of(unit->control_group).empty()) break;
        if (waited >= kPortTime) return Error{"processes of nginx.service are still on the ports; see systemctl status nginx"};
        usleep(kForwardWatch * 1000);
    }
    unpin_files();
    if (!stop_first_) return {};
    stop_first_ = false;
    return launch_bext();
}

Result<> Engine::prove_alone() { return prove_targets(kAll, 10'000); }

Result<> Engine::probation() {
    auto unit = manager_.unit(kBext);
    if (!unit) return unit.error();
    auto figures = [&] {
        auto text = supervisor::ask(unit->main_pid, "status", 5000);
        return text && *text ? **text : std::string();
    };
    auto first = figures();
    auto usual = error_share(configuration_.plan.log_files.empty() ? "/var/log/nginx/access.log" : configuration_.plan.log_files.front());
    int slow = 0;
    for (auto end = Clock::now() + std::chrono::seconds(settings_.probation_s); Clock::now() < end; usleep(kForwardWatch * 1000)) {
        if (auto go_on = not_interrupted(); !go_on) return go_on;
        auto now = figures();
        if (now.empty()) return Error{"bext's main process is gone or does not answer"};
        auto requests = figure(now, "requests") - figure(first, "requests"), errors = figure(now, "responses_5xx") - figure(first, "responses_5xx");
        if (figure(now, "worker_deaths") > figure(first, "worker_deaths")) return Error{"a worker of bext died"};
        if (requests >= 20 && errors * 100 / requests > static_cast<std::uint64_t>(std::max(5, 3 * usual)))
            return Error{cat({std::to_string(errors), " of ", counted(static_cast<std::uint64_t>(requests), "request"), " had an answer of 5xx, usual are ",
                              std::to_string(usual), " %"})};
        if (targets_.empty() || !nginx_.running() || !is_here(targets_.front().address)) continue;
        auto answer = ask(targets_.front());
        slow = answer && answer->milliseconds > 10 * before_.front().milliseconds + 500 ? slow + 1 : 0;
        if (!answer || slow >= 3) return Error{"bext is far slower than nginx was on " + targets_.front().text()};
    }
    return {};
}

Result<> Engine::commit() {
    auto unit = manager_.unit(kBext);
    if (!unit) return unit.error();
    if (!unit->active()) return Error{"bext.service is " + unit->active_state};
    auto status = supervisor::ask(unit->main_pid, "status", kForwardAnswerTime);
    if (!status || !*status) return Error{"bext's main process does not answer"};
    if (auto done = prove_targets(1, kForwardAnswerTime); !done) return done;
    return write_durably(kActiveBit, "bext serves in nginx's place; bext rollback gives the ports back\n");
}

/// Not disabling it is no failure: its gate is closed.
Result<> Engine::disable_nginx() {
    static_cast<void>(remove_durably(kToken));
    if (journal_.state().note("nginx-enabled") == "masked") return {};
    if (auto done = sysd::disable(kNginx); !done) say_(done.error().text + "; the commit bit keeps it from starting all the same");
    return {};
}

}  // namespace bext::takeover
