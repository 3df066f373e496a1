#include "cli/takeover_command.h"

#include <gflags/gflags.h>
#include <signal.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "base/counted.h"
#include "base/interrupts.h"
#include "base/text.h"
#include "cli/compatible.h"
#include "cli/masquerade_command.h"
#include "cli/numbers.h"
#include "cli/takeover_findings.h"
#include "cli/takeover_hands.h"
#include "dashboard/samples.h"
#include "dashboard/serve.h"
#include "masquerade/settings.h"
#include "takeover/access_logs.h"
#include "takeover/checks.h"
#include "takeover/dependents.h"
#include "takeover/disk.h"
#include "takeover/engine.h"
#include "takeover/giver.h"
#include "takeover/places.h"
#include "takeover/rehearsal.h"
#include "takeover/report.h"
#include "takeover/sandbox.h"
#include "tls/accept.h"
#include "tls/connect.h"

DECLARE_bool(json);
DECLARE_string(nginx_config);
// What they mean, and their defaults, is in the manual.
DEFINE_bool(auto_takeover, false, "");
DEFINE_int32(port, 0, "");
DEFINE_int32(timeout, 0, "");
DEFINE_int32(probation, 0, "");
DEFINE_int32(rehearsal, 0, "");
DEFINE_bool(yes, false, "");
DEFINE_bool(if_uncommitted, false, "");
DEFINE_bool(boot, false, "");
DEFINE_bool(check, false, "");
DEFINE_bool(allow_writes, false, "");
DEFINE_bool(masquerade, false, "");

namespace bext::cli {
namespace {

using namespace takeover;

constexpr std::size_t kTold = 5;  // seconds of samples in every status; a page that was away longer asks for all

int fail(const std::string& what, const std::string& why) {
    fprintf(stderr, "bext: %s failed: %s\n", what.c_str(), why.c_str());
    return 1;
}

void say(const std::string& text) {
    fprintf(stderr, "  %s\n", text.c_str());
    fflush(stderr);
}

bool agreed(const char* question) {
    if (FLAGS_yes) return true;
    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "nobody is here to be asked; --yes answers\n");
        return false;
    }
    fprintf(stderr, "%s [y/N] ", question);
    char answer[16] = "";
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

Settings settings() { return {FLAGS_nginx_config, FLAGS_timeout, FLAGS_probation}; }

/// Settles what was left, however often the terminal says stop; then it stops.
Result<bool> recover_held(Engine& engine) {
    Interrupts held(tell_interrupt);
    auto done = engine.recover();
    if (done && Interrupts::asked()) return Error{"interrupted"};
    return done;
}

Standing standing() { return {exists(kActiveBit), exists(masquerade::Settings().drop_in())}; }

void print_state(const State& state, const Checks& checks) {
    fputs(FLAGS_json ? json_of(state, standing(), checks, true).c_str() : text_of(state, standing()).c_str(), stdout);
}

/// Tells a terminal how far the rehearsal is.
void show_progress(std::size_t done, std::size_t all) {
    if (FLAGS_json || !isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\rrehearsing: %zu of %s%s", done, counted(all, "request").c_str(), done == all ? "\r\033[K" : "");
    fflush(stderr);
}

/// The machine as bext.service would find it.
Subject look_here(sysd::Manager* manager, const std::string& no_manager = {}) {
    auto configured = configured_version();
    auto subject = look(manager, no_manager, FLAGS_nginx_config, configured ? *configured : std::nullopt);
    if (!configured) {  // nor would the service start with it
        subject.configuration.reset();
        subject.refusal = configured.error().text;
    }
    return subject;
}

/// All checks, of which the rehearsal is the last.
Checks check_all(const Subject& subject, Rehearsal* details = nullptr) {
    auto checks = run_checks(subject);
    auto rehearsal = rehearse(subject, may_take_over(checks), FLAGS_rehearsal, show_progress);
    checks.push_back(check_of(rehearsal));
    if (details) *details = std::move(rehearsal);
    return checks;
}

/// Opens bext.service for what the configuration writes, when that was agreed to, or is now.
Result<> open_paths(sysd::Manager& manager, const Subject& subject) {
    auto closed = closed_directories(subject);
    if (closed.empty()) return {};
    std::string question = "Let bext.service write to";
    for (auto& one : closed) question += " " + one;
    if (!FLAGS_allow_writes && (FLAGS_yes || !isatty(STDIN_FILENO) || !agreed((question + "?").c_str()))) return {};
    return allow_writes(manager, closed);
}

/// For whoever reads the log later, and wonders why nginx cannot be reloaded.
void log_next_step() {
    openlog("bext", 0, LOG_DAEMON);
    syslog(LOG_NOTICE, "bext.service has taken over from nginx.service; what asks for nginx finds none until %s (see bext takeover status)", kNextStep);
    closelog();
}

/// A new takeover, in whose history stands what of the rehearsal was accepted, and why.
Result<> begin(Journal& journal, const Rehearsal& rehearsal) {
    if (auto begun = journal.begin(); !begun) return begun;
    for (auto& place : rehearsal.places)
        for (auto& one : place.differences)
            if (!one.accepted.empty())
                if (auto done = journal.accept(cat({place.server, " ", place.location, ": ", one.what}), one.accepted); !done) return done;
    return {};
}

int change(Hands& hands) {
    auto subject = look_here(&hands.manager);
    if (auto done = open_paths(hands.manager, subject); !done) return fail("nginx-takeover", done.error().text);
    if (FLAGS_masquerade)
        if (auto can = can_masquerade(hands.manager); !can) return fail("nginx-takeover", can.error().text);
    Rehearsal rehearsal;
    auto checks = check_all(subject, &rehearsal);
    if (!FLAGS_json) fputs(table_of(checks).c_str(), stdout);
    fflush(stdout);
    if (!may_take_over(checks)) {
        if (FLAGS_json) print_state(hands.journal.state(), checks);
        return fail("nginx-takeover", "a critical check failed; nothing was changed");
    }
    if (auto free = no_packages_at_work(); !free) return fail("nginx-takeover", free.error().text);
    Interrupts held(tell_interrupt);
    if (auto begun = begin(hands.journal, rehearsal); !begun) return fail("nginx-takeover", begun.error().text + "; nothing was changed");
    auto done = Engine(hands.manager, hands.journal, settings(), say).take_over();
    if (done && !FLAGS_masquerade) log_next_step();
    if (!done || !FLAGS_masquerade) print_state(hands.journal.state(), checks);  // else it goes on, and what comes next is masquerade's to tell
    return done ? 0 : fail("nginx-takeover", done.error().text);
}

/// Looks at the whole machine anew.
Checks look_again(sysd::Manager& manager, Findings& findings, Rehearsal& rehearsal) {
    auto subject = look_here(&manager);
    auto checks = check_all(subject, &rehearsal);
    findings.renew(std::move(subject), checks, rehearsal);
    return checks;
}

Result<> check_again(Findings& findings) {
    if (exists(kActiveBit)) return Error{"the checks are about the way from nginx to bext, and bext serves already"};
    auto manager = sysd::Manager::connect();
    if (!manager) return manager.error();
    Rehearsal rehearsal;
    look_again(*manager, findings, rehearsal);
    return {};
}

/// One transition that the page asks for; the lock is only taken for so long.
Result<> transition(bool forward, Findings& findings) {
    auto hands = take_hands();
    if (!hands) return hands.error();
    if (auto free = no_packages_at_work(); !free) return free;
    Engine engine(hands->manager, hands->journal, settings(), say);
    if (auto done = engine.recover(); !done) return done.error();
    if (!forward) return engine.roll_back();
    if (exists(kActiveBit)) return Error{"bext has taken over already"};
    Rehearsal rehearsal;
    if (!may_take_over(look_again(hands->manager, findings, rehearsal))) return Error{"a critical check failed; nothing was changed"};
    if (auto begun = begin(hands->journal, rehearsal); !begun) return begun;
    auto done = engine.take_over();
    if (done) log_next_step();
    return done;
}

/// What clients got in the last second: by the access logs, and by bext's own counters as soon as it serves for good, which know of
/// what is not logged, too; and the time of one answer.
dashboard::Sample sample(AccessLogs& logs, const std::optional<Target>& target, Numbers& numbers) {
    dashboard::Sample one;
    auto added = logs.added();
    one.requests = added.requests;
    one.errors = added.errors;
    one.committed = exists(kActiveBit);
    if (!one.committed) {
        numbers.forget("bext does not serve for good");
    } else if (auto counted = numbers.ask()) {
        std::uint64_t own = target ? 1 : 0;  // the request below, of the second before
        one.requests = std::max(one.requests, counted->requests - std::min(own, counted->requests));
        one.errors = std::max(one.errors, counted->errors);
    }
    if (target)
        if (auto answer = ask(*target)) one.milliseconds = static_cast<std::uint64_t>(answer->milliseconds);
    return one;
}

dashboard::Actions actions_of(Findings& findings, Numbers& numbers, const dashboard::Samples& samples) {
    dashboard::Actions actions;
    actions.command = "bext nginx-takeover";
    actions.status = [&] {
        auto state = Journal::look(kJournalDirectory);
        return cat({"\"takeover\":{\"state\":", json_of(state ? *state : State(), standing(), {}), ",\"looked\":", std::to_string(findings.looked()),
                    "},", numbers.status(), ",\"samples\":", samples.json(kTold)});
    };
    actions.shows = {{"checks", [&] { return findings.checks(); }}, {"rehearsal", [&] { return findings.rehearsal(); }},
                     {"config", [&] { return findings.inventory(); }}, {"samples", [&] { return samples.json(); }},
                     {"numbers", [&] { return numbers.series(); }}, {"errors", [&] { return findings.error_logs(); }}, {"next", next_json}};
    actions.changes = {{"checks", [&] { return check_again(findings); }}, {"takeover", [&] { return transition(true, findings); }},
                       {"rollback", [&] { return transition(false, findings); }}};
    actions.decisions = {{"accept", [&](std::string_view body) { return findings.accept(body); }}};
    actions.interrupt = [] {
        Interrupts::ask();
        tell_interrupt("the page has ended", 1);
    };
    return actions;
}

/// The page, until the terminal or a signal ends it. `hands` looked around; their lock is given back.
int serve_page(Hands hands) {
    auto subject = look_here(&hands.manager);
    Rehearsal rehearsal;
    auto checks = check_all(subject, &rehearsal);
    fputs(table_of(checks).c_str(), stdout);
    std::optional<Target> target;
    if (subject.configuration) {
        auto targets = targets_of(*subject.configuration);
        if (!targets.empty()) target = targets.front();
    }
    { auto given_back = std::move(hands.lock); }
    std::optional<SignalsHeld> not_the_threads(std::in_place);  // signals are the page's
    AccessLogs logs(access_logs_of(subject.survey));
    Numbers numbers("");
    dashboard::Samples samples([&] { return sample(logs, target, numbers); });
    Findings findings;
    findings.renew(std::move(subject), checks, rehearsal);
    not_the_threads.reset();
    signal(SIGPIPE, SIG_IGN);
    auto done = dashboard::serve(FLAGS_port, actions_of(findings, numbers, samples), [](const std::string& url) {
        printf("\nThe dashboard is at %s\nCtrl-C ends it; what serves goes on serving.\n", url.c_str());
        fflush(stdout);
    });
    return done ? 0 : fail("nginx-takeover", done.error().text);
}

/// The report, which changes nothing: 0 when nothing speaks against a takeover.
int report() {
    auto manager = sysd::booted() ? sysd::Manager::connect() : Result<sysd::Manager>(Error{"this machine is not run by systemd"});
    auto subject = look_here(manager ? &*manager : nullptr, manager ? "" : manager.error().text);
    auto checks = check_all(subject);
    fputs(FLAGS_json ? report_json(subject, checks).c_str() : (table_of(checks) + report_text(subject)).c_str(), stdout);
    return may_take_over(checks) ? 0 : 1;
}

/// Checks while something forbids to change anything.
int only_checks(const std::string& why) {
    auto manager = sysd::booted() ? sysd::Manager::connect() : Result<sysd::Manager>(Error{"this machine is not run by systemd"});
    auto checks = check_all(look_here(manager ? &*manager : nullptr, manager ? "" : manager.error().text));
    if (FLAGS_json) print_state({}, checks);
    else fputs(table_of(checks).c_str(), stdout);
    fflush(stdout);
    return fail("nginx-takeover", why + "; nothing was changed");
}

int nginx_takeover() {
    // Checks that cannot see keys, sockets and other processes would tell of faults that there are none.
    if (geteuid() != 0) return fail("nginx-takeover", "it needs root; run it with sudo; nothing was changed");
    if (FLAGS_check) return report();
    auto hands = take_hands();
    if (!hands && hands.error().system == EAGAIN) return fail("nginx-takeover", hands.error().text);
    if (!hands) return only_checks(hands.error().text);
    Engine engine(hands->manager, hands->journal, settings(), say);
    auto recovered = recover_held(engine);
    if (!recovered) return fail("nginx-takeover", "what an earlier takeover has left cannot be repaired: " + recovered.error().text);
    if (!FLAGS_auto_takeover && !FLAGS_yes && !FLAGS_masquerade) {
        if (FLAGS_allow_writes)
            if (auto done = open_paths(hands->manager, look_here(&hands->manager)); !done) return fail("nginx-takeover", done.error().text);
        return serve_page(*std::move(hands));
    }
    if (hands->journal.state().phase == Phase::kActive && exists(kActiveBit)) {
        if (!FLAGS_masquerade) print_state(hands->journal.state(), {});
        fprintf(stderr, "bext has taken over already; bext rollback gives the ports back\n");
    } else if (int status = change(*hands)) {
        return status;
    }
    if (!FLAGS_masquerade) return 0;
    { auto given_back = std::move(hands->lock); }
    return install_masquerade();
}

int status() {
    if (access(kJournalDirectory.c_str(), F_OK) == 0 && access((kJournalDirectory + "/journal").c_str(), R_OK) != 0 && errno == EACCES)
        return fail("takeover status", "it needs root; run it with sudo");
    auto state = Journal::look(kJournalDirectory);
    if (!state) return fail("takeover status", state.error().text);
    print_state(*state, {});
    return 0;
}

int rollback() {
    auto hands = take_hands(FLAGS_if_uncommitted);
    if (!hands) return fail("rollback", hands.error().text);
    Engine engine(hands->manager, hands->journal, settings(), say);
    if (auto done = recover_held(engine); !done) return fail("rollback", done.error().text);
    if (FLAGS_if_uncommitted) return 0;
    auto phase = hands->journal.state().phase;
    if (!engine.may_roll_back())
        return fail("rollback", "there is nothing to roll back: the phase is " + std::string(name_of(phase)) +
                                    (standing().masquerade ? "; bext nginx masquerade uninstall puts nginx back" : ""));
    if (!agreed("Give the ports back to nginx now?")) return 1;
    if (auto free = no_packages_at_work(); !free) return fail("rollback", free.error().text);
    Interrupts held(tell_interrupt);
    auto done = engine.roll_back();
    print_state(hands->journal.state(), {});
    return done ? 0 : fail("rollback", done.error().text);
}

int recover() {
    auto hands = take_hands();
    if (!hands) return fail("recover", hands.error().text);
    Engine engine(hands->manager, hands->journal, settings(), say);
    auto done = [&] {
        Interrupts held(tell_interrupt);
        return FLAGS_boot ? engine.recover_at_boot() : engine.recover();
    }();
    if (!done) return fail("recover", done.error().text);
    auto state = hands->journal.state();
    { auto given_back = std::move(hands->lock); }
    auto resumed = FLAGS_boot ? std::nullopt : resume_masquerade();
    if (!*done && !resumed) fprintf(stderr, "there is nothing to recover\n");
    if (!FLAGS_json || !resumed) print_state(state, {});
    return resumed.value_or(0);
}

}  // namespace

std::optional<int> run_takeover_command(const Invocation& invocation) {
    tls::install();
    tls::install_connector();
    if (invocation.is("nginx-takeover")) return nginx_takeover();
    if (invocation.is("takeover status")) return status();
    if (invocation.is("rollback")) return rollback();
    if (invocation.is("recover")) return recover();
    return std::nullopt;
}

int serve_on_command(int argc, char** argv) {
    if (argc < 5) return 2;
    auto served = takeover::serve_on(argv[2], argv[3], {argv + 4, argv + argc});
    if (served) return 0;
    fprintf(stderr, "bext: %s\n", served.error().text.c_str());
    return 1;
}

}  // namespace bext::cli
