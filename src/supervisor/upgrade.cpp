// How the Supervisor changes its binary (upgrade.h, docs/adr/0007-upgrade.md). Stage by stage: check, save, start, serve
// side by side, hand over.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>

#include "base/figures.h"
#include "base/text.h"
#include "supervisor/pidfile.h"
#include "supervisor/report.h"
#include "supervisor/supervisor.h"
#include "supervisor/upgrade.h"

namespace bext::supervisor {
namespace {

constexpr std::uint64_t kCheckTime = 60'000;  // ms
constexpr std::uint64_t kSaveTime = 5'000;

void read_output(Upgrade& upgrade) {
    char bytes[4096];
    ssize_t size;
    while (upgrade.output && (size = read(upgrade.output.get(), bytes, sizeof bytes)) > 0)
        upgrade.said.append(bytes, static_cast<std::size_t>(size)).resize(std::min<std::size_t>(upgrade.said.size(), 4096));
}

/// "a\nb\n" as "a; b".
std::string joined_lines(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    std::string line;
    for (char c : text) line += c == '\n' ? std::string("; ") : std::string(1, c);
    return line;
}

}  // namespace

/// Why no change can begin now; "" when one can.
std::string Supervisor::upgrade_hindrance() const {
    if (upgrade_) return "the binary is already being changed, by process " + std::to_string(upgrade_->pid);
    return !started_ || ending_ != Ending::kNo ? "the service is starting or ending" : "";
}

void Supervisor::upgrade(bool automatic, Askers askers) {
    if (auto busy = upgrade_hindrance(); !busy.empty()) {
        report(Level::kNotice, busy + ", ignoring");
        for (auto& asker : askers) asker.fail(busy);
        return;
    }
    upgrade_ = std::make_unique<Upgrade>();
    upgrade_->automatic = automatic;
    upgrade_->askers = std::move(askers);
    report(Level::kNotice, "changing binary");
    auto output = spawn_check(options_.binary, options_.check_argv, upgrade_->pid);
    if (!output) return upgrade_failed(output.error().text);
    upgrade_->output = *std::move(output);
    upgrade_->deadline = clock_ms() + kCheckTime;
}

/// The process of the change, in whatever stage, is gone.
void Supervisor::upgrade_child_died(int status, const std::string& how) {
    auto& change = *upgrade_;
    change.pid = -1;
    if (change.stage == Upgrade::Stage::kChecking) {
        read_output(change);
        if (status == 0) return save_warm_state();
        return upgrade_failed("the new binary refuses: " + (change.said.empty() ? how : joined_lines(change.said)));
    }
    if (change.stage == Upgrade::Stage::kStarting)
        return upgrade_failed("the new process " + how + (change.said.empty() ? "" : ": " + change.said));
    // It served beside this one, and has ended: this one goes on.
    report(Level::kNotice, "the new process " + how + ", going on with the binary before");
    take_back_pid_file();
    current_->sockets.own_files(true);
    current_->sockets.acknowledge_at_once(false);
    upgrade_.reset();
    if (worker_stopped_) start_worker_again();
}

void Supervisor::save_warm_state() {
    upgrade_->stage = Upgrade::Stage::kSaving;
    upgrade_->deadline = clock_ms() + kSaveTime;
    if (!worker_ || !worker_->serving || !worker_->channel.send(handoff::Kind::kSave)) start_successor();
}

void Supervisor::start_successor() {
    auto& change = *upgrade_;
    if (auto moved = move_pid_file_aside(); !moved) return upgrade_failed(moved.error().text);
    current_->sockets.own_files(false);
    auto channel = spawn_successor(options_.binary, options_.exec_argv, current_->sockets.fds(), change.automatic ? getpid() : -1, change.pid);
    if (!channel) return upgrade_failed(channel.error().text);
    change.channel = *std::move(channel);
    change.stage = Upgrade::Stage::kStarting;
    change.deadline = clock_ms() + static_cast<std::uint64_t>(options_.upgrade_deadline_ms);
    std::vector<handoff::Loan> loans{{{handoff::Role::kFigures, 0, 0}, figure_page().fd()}};
    if (change.warm) loans.push_back({{handoff::Role::kWarm, 0, 0}, change.warm.get()});
    if (auto sent = change.channel.send(handoff::Kind::kWarm, generation_, history_.text(), loans); !sent) report(Level::kWarn, sent.error().text);
    report(Level::kNotice, "start new binary process " + std::to_string(change.pid));
}

void Supervisor::successor_spoke() {
    auto& change = *upgrade_;
    handoff::Message message;
    auto got = change.channel.receive(message);
    if (got == handoff::Channel::Got::kNothing) return;
    if (got == handoff::Channel::Got::kClosed) return change.channel.close();  // its end is still to be heard of
    if (message.kind == handoff::Kind::kRefused) change.said = message.text;
    if (message.kind != handoff::Kind::kServing || change.stage != Upgrade::Stage::kStarting) return;
    change.stage = Upgrade::Stage::kServing;
    change.deadline = 0;
    change.version = message.text;
    figure_page().claim_own().add(Tally::kUpgrades);
    report(Level::kNotice, "new binary process " + std::to_string(change.pid) + " serves: " + change_of_version(BEXT_VERSION, change.version));
    if (change.automatic) return;  // it asks this process to end
    for (auto& asker : change.askers) asker.succeed();
    change.askers.clear();
    if (change.end_after) end(Ending::kGraceful);
}

/// In nginx's protocol two pid files are the sign to have the old process finish, and the new one may not serve yet.
bool Supervisor::ends_after_upgrade(Ending how) {
    if (how != Ending::kGraceful || !upgrade_ || upgrade_->automatic || upgrade_->stage != Upgrade::Stage::kStarting) return false;
    return !std::exchange(upgrade_->end_after, true);
}

/// Another server is to follow: it is executed with the sockets, as nginx executes its next binary. Which one is not for the
/// asker to say: a file of root's does. Who asked sees to it that it serves, and then has this process finish.
void Supervisor::stand_aside(Asker asker) {
    if (!options_.masquerade) return asker.fail("this server is in nobody's place");
    auto other = read_stand_aside(options_.stand_aside_path);
    if (!other) return asker.fail(other.error().text);
    if (auto busy = upgrade_hindrance(); !busy.empty()) return asker.fail(busy);
    if (auto moved = move_pid_file_aside(); !moved) return asker.fail(moved.error().text);
    auto pid = spawn_stranger(other->binary, other->argv, current_->sockets.fds());
    if (!pid) {
        take_back_pid_file();
        return asker.fail(pid.error().text);
    }
    upgrade_ = std::make_unique<Upgrade>();
    upgrade_->stranger = true;
    upgrade_->automatic = false;
    upgrade_->stage = Upgrade::Stage::kServing;
    upgrade_->pid = *pid;
    current_->sockets.own_files(false);
    current_->sockets.acknowledge_at_once(true);
    report(Level::kNotice, "start \"" + other->binary + "\" in the place of this process: process " + std::to_string(*pid));
    asker.succeed(std::to_string(*pid));
}

Result<> Supervisor::move_pid_file_aside() {
    auto path = pid_path(*current_);
    auto old = path + ".oldbin";
    if (rename(path.c_str(), old.c_str()) != 0) return Error::from_errno("rename() " + path + " to " + old);
    old_pid_path_ = old;
    return {};
}

/// Nothing has changed: the binary before goes on.
void Supervisor::upgrade_failed(const std::string& reason) {
    auto change = std::exchange(upgrade_, nullptr);
    report(Level::kAlert, "the binary was not changed: " + reason);
    if (change->pid > 0) kill(change->pid, SIGKILL);
    take_back_pid_file();
    if (current_) current_->sockets.own_files(true);
    figure_page().claim_own().add(Tally::kUpgradesFailed);
    history_.upgrade_failed(reason);
    for (auto& asker : change->askers) asker.fail(reason);
    reached(Milestone::kUpgradeFailed, reason);
    if (worker_stopped_) start_worker_again();
    if (change->end_after) end(Ending::kGraceful);
}

void Supervisor::take_back_pid_file() {
    if (old_pid_path_.empty()) return;
    auto path = pid_path(*current_);
    if (rename(old_pid_path_.c_str(), path.c_str()) != 0)
        report(Level::kAlert, Error::from_errno("rename() " + old_pid_path_ + " back to " + path).text);
    old_pid_path_.clear();
}

void Supervisor::upgrade_late() {
    auto& change = *upgrade_;
    change.deadline = 0;
    if (change.stage == Upgrade::Stage::kSaving) {
        report(Level::kWarn, "the worker process did not save its state in time, upgrading without it");
        return start_successor();
    }
    upgrade_failed(change.stage == Upgrade::Stage::kChecking ? "the new binary did not test the configuration in time"
                                                             : "the new process did not serve in time");
}

/// This process ends while another serves: what it still has goes over. The result is where the worker is to pass its
/// idle connections, if there is anybody.
Fd Supervisor::hand_over() {
    if (!upgrade_) return {};
    if (upgrade_->stage != Upgrade::Stage::kServing) {
        upgrade_failed("the service ends");
        return {};
    }
    auto& change = *upgrade_;
    change.stage = Upgrade::Stage::kHanded;
    reached(Milestone::kHandedOver, std::to_string(change.pid));
    if (change.stranger) clear_service();
    give_service_to(change.pid);
    for (auto& asker : change.askers) asker.succeed(cat({"process ", std::to_string(change.pid), " serves: ", change_of_version(BEXT_VERSION, change.version), "\n"}));
    change.askers.clear();
    if (change.stranger) return {};
    auto ends = handoff::Channel::pair();
    if (!ends) return {};
    auto there = std::move(ends->second).release();
    auto sent = change.channel.send(handoff::Kind::kYours, 0, {}, {{{handoff::Role::kHeir, 0, 0}, there.get()}});
    return sent ? std::move(ends->first).release() : Fd();
}

/// In the new process: the one before has said something, or is gone.
void Supervisor::predecessor_spoke() {
    handoff::Message message;
    auto got = before_.channel.receive(message);
    if (got == handoff::Channel::Got::kNothing) return;
    before_.channel.close();  // it has only this to say
    if (current_) current_->sockets.own_files(true);
    reached(Milestone::kTookOver);
    if (got != handoff::Channel::Got::kMessage || message.kind != handoff::Kind::kYours) return;
    auto heir = message.take(handoff::Role::kHeir);
    if (heir && worker_) (void)worker_->channel.send(handoff::Kind::kHeir, 0, {}, {{{handoff::Role::kHeir, 0, 0}, heir.get()}});
}

/// This process serves: the one before may end.
void Supervisor::tell_predecessor() {
    if (before_.channel) (void)before_.channel.send(handoff::Kind::kServing, 0, BEXT_VERSION);
    if (before_.to_end > 0 && getppid() == before_.to_end) kill(before_.to_end, SIGQUIT);
}

}  // namespace bext::supervisor
