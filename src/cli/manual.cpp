// The table of bext's commands.
#include <algorithm>

#include "cli/manual_flags.h"

namespace bext::cli {
namespace {

constexpr std::string_view kRunning = "The running server", kPlace = "In nginx's place", kPorts = "Taking over from nginx";

constexpr Flag kBextBin{.name = "bext-bin", .kind = Kind::kFile, .value = "FILE",
    .text = "The bext-server that nginx.service runs. Without it: the installed one."};
constexpr Flag kShimBin{.name = "shim-bin", .kind = Kind::kFile, .value = "FILE", .standard = "/usr/sbin/nginx",
    .text = "Where nginx is, and the small program will be that answers its command line."};
constexpr Flag kShimSource{.name = "shim-source", .kind = Kind::kFile, .value = "FILE",
    .text = "That program. Without it: the installed one."};
constexpr Flag kConfig{.name = "nginx-config", .kind = Kind::kFile, .value = "FILE",
    .text = "The nginx.conf to serve. Without it: the one that nginx uses."};
constexpr Flag kNow{.name = "now", .kind = Kind::kOff,
    .text = "Leaves the running server alone; the change comes with its next start."};
constexpr Flag kDryRun{.name = "dry-run", .text = "Only tells what would be done."};
constexpr Flag kAct{.name = "act", .text = "Also tries what acts on the server: a reload, a rotation of its logs, an upgrade."};
constexpr Flag kAuto{.name = "auto-takeover", .text = "Takes over at once when no critical check fails, and ends. No page is served."};
constexpr Flag kCheck{.name = "check",
    .text = "Only checks and reports: the checks, every directive that bext does not have with its place and nginx's module, and what asks for "
            "nginx. Nothing is changed."};
constexpr Flag kWrites{.name = "allow-writes",
    .text = "Lets bext.service write where the configuration does and its unit does not allow it, by a drop-in with ReadWritePaths=."};
constexpr Flag kMasquerade{.name = "masquerade",
    .text = "Takes over, as --auto-takeover, and goes on into nginx's place: certbot, logrotate, systemctl reload nginx and nginx -s find bext."};
constexpr Flag kPort{.name = "port", .kind = Kind::kNumber, .value = "PORT", .standard = "9999",
    .text = "The loopback port of the page.", .least = 1, .most = 65535};
constexpr Flag kTimeout{.name = "timeout", .kind = Kind::kNumber, .value = "SECONDS", .standard = "60",
    .text = "When bext does not serve after so long, nginx has the ports again.", .least = 1, .most = 86400};
constexpr Flag kProbation{.name = "probation", .kind = Kind::kNumber, .value = "SECONDS", .standard = "3",
    .text = "How long bext serves before it is for good.", .least = 0, .most = 86400};
constexpr Flag kRehearsal{.name = "rehearsal", .kind = Kind::kNumber, .value = "N", .standard = "200",
    .text = "How many of the last GET and HEAD requests of the access logs are made again, to nginx and to a bext beside it, before "
            "anything is changed; 0 makes none. A difference stops the takeover. Applications get these requests from both.",
    .least = 0, .most = 1'000'000};
constexpr Flag kYes{.name = "yes", .text = "Does not ask."};
constexpr Flag kUncommitted{.name = "if-uncommitted",
    .text = "Only undoes what a takeover that died has left. The timer that every takeover sets calls this."};
constexpr Flag kBoot{.name = "boot", .text = "Settles it before the services start. bext-recover.service calls this."};

const std::vector<Status> kDone = {{0, "It was done."}, {1, "It was not done; standard error says why."}};

std::vector<Status> statuses(std::vector<Status> own = kDone) {
    own.insert(std::min(own.begin() + 2, own.end()), {2, "The command line was not understood."});
    return own;
}

std::vector<Command> running() {
    return {
        {"status", kRunning, "what the server does, and what was ever lost",
         "Tells which version serves which configuration and since when, the generations of the configuration, connections and requests, "
         "what was ever lost, and how the last reload and the last upgrade ended.",
         {&kJson, &kPidFile},
         {{"bext status", "for people"}, {"bext status --json | jq .figures", "for programs: every count that the server keeps"}},
         statuses({{0, "A server was found and has answered."}, {1, "There is none, or it cannot be asked; standard error says why."}})},
        {"dashboard", kRunning, "a page that shows the running server",
         "Serves a page on a loopback port, whose address with a token it prints, until it is ended: who serves and since when, requests, errors and "
         "times of the last hour, the figures of every server, location and upstream, certificates, the ends of the error logs, and how "
         "reloads and upgrades ended. The page changes nothing. From elsewhere: ssh -L 9999:127.0.0.1:9999 HOST.",
         {&kPort, &kPidFile},
         {{"bext dashboard", "the server that is found"}, {"bext dashboard --port 9100", "on another port"}},
         statuses({{0, "The page has ended."}, {1, "There is no server, or the port is taken; standard error says why."}})},
        {"reload", kRunning, "read the configuration again",
         "The server reads its configuration and its certificates again. The command returns when the new configuration serves; no "
         "connection is closed. When the configuration has a fault, the one before goes on and the fault is printed.",
         {&kWait, &kPidFile},
         {{"bext reload", "after a change of nginx.conf or of a certificate"}, {"bext reload --pid-file /run/nginx.pid", "the server in nginx's place"}},
         statuses({{0, "The new configuration serves."}, {1, "The one before goes on; standard error says why."}})},
        {"upgrade", kRunning, "change the binary without losing a request",
         "The server makes room for a new process of its binary, which takes over the listening sockets. The old process answers what it "
         "has under way and ends. When the new process does not serve, the old one goes on and the cause is printed.",
         {&kBinary, &kPidFile},
         {{"bext upgrade", "the installed binary was replaced, by a package for instance"},
          {"bext upgrade --binary ./bext-server", "puts this binary in the place of the running one first"}},
         statuses({{0, "The new process serves."}, {1, "The old one goes on; standard error says why."}}), &kBinary},
        {"stop", kRunning, "finish what is under way and end",
         "The server takes no new connections, answers what it has under way and ends. The command returns when it has.",
         {&kPidFile},
         {{"bext stop", "the server that is found"}, {"bext stop --pid-file /tmp/bext.pid", "the one that this file names"}},
         statuses({{0, "It has ended."}, {1, "It could not be asked to; standard error says why."}})},
    };
}

std::vector<Command> takeover() {
    return {
        {"nginx-takeover", kPorts, "check, and take nginx's ports over",
         "Checks whether bext can serve what nginx serves, and takes the ports over while they stay open: bext.service serves before nginx "
         "is asked to stop. A failure at any step gives the ports back to nginx.\n\n"
         "Without --auto-takeover it serves a page on a loopback port, whose address it prints, from which the takeover is started and "
         "watched. /usr/share/doc/bext/takeover.md tells all.",
         {&kCheck, &kConfig, &kAuto, &kMasquerade, &kWrites, &kTimeout, &kProbation, &kRehearsal, &kPort, &kJson, &kYes},
         {{"bext nginx-takeover --check", "what speaks against it, and what would be other"},
          {"bext nginx-takeover", "the page, from which everything can be looked at first"},
          {"bext nginx-takeover --masquerade", "for good: takes over, and stands in nginx's place for every tool"}},
         statuses({{0, "bext serves, or the page has ended; with --check: nothing speaks against a takeover."},
                   {1, "Nothing was changed, or nginx has the ports again; standard error says why. With --check: a critical check fails."}})},
        {"takeover status", kPorts, "how far a takeover is",
         "Tells the phase of the takeover, what is started at boot, and the history. While bext.service serves it also tells what asks for nginx "
         "and finds none, and the next step.",
         {&kJson},
         {{"bext takeover status", "for people"}, {"bext takeover status --json | jq -r .phase", "for programs: one word"}}, statuses()},
        {"rollback", kPorts, "give the ports back to nginx",
         "Gives the ports back to nginx the way that they came: nginx serves before bext is asked to stop. No connection is refused.",
         {&kYes, &kUncommitted, &kJson},
         {{"bext rollback", "asks first"}, {"bext rollback --yes", "for scripts"}},
         statuses({{0, "nginx serves."}, {1, "Nothing was changed, or bext still serves; standard error says why."}})},
        {"recover", kPorts, "finish or undo what was interrupted",
         "Finishes or undoes what was interrupted of a takeover or of a rollback, and goes on with an install or uninstall of masquerade that was cut "
         "off, so that exactly one server serves. It is safe at any time.",
         {&kBoot, &kJson},
         {{"bext recover", "after a command was killed, or the power was cut"}, {"bext recover --json", "tells what came of it to programs"}}, statuses()},
    };
}

std::vector<Command> masquerade() {
    return {
        {"nginx masquerade install", kPlace, "put bext in nginx's place for every tool",
         "Puts bext in nginx's place for every tool of the machine: nginx.service runs bext, and a small program stands where nginx stood. "
         "Everything is checked before, each step is written down before it is begun, and one that fails undoes those before it. A running "
         "nginx hands its sockets over and finishes what it began. After a takeover the sockets come from bext.service.",
         {&kNow, &kDryRun, &kConfig, &kPidFile, &kBextBin, &kShimBin, &kShimSource, &kJson},
         {{"bext nginx masquerade install --dry-run", "what would be done"}, {"bext nginx masquerade install", "does it, without a gap"}}, statuses()},
        {"nginx masquerade uninstall", kPlace, "put nginx back",
         "Puts nginx back the way that bext came; every file is as it was.",
         {&kNow, &kDryRun, &kPidFile, &kBextBin, &kShimBin, &kShimSource, &kJson},
         {{"bext nginx masquerade uninstall", "nginx serves again, without a gap"}, {"bext nginx masquerade uninstall --no-now", "with the next start of nginx.service"}},
         statuses()},
        {"nginx masquerade status", kPlace, "what is installed, and who serves", "Tells what of masquerade is installed, and who serves.",
         {&kPidFile, &kBextBin, &kShimBin, &kShimSource, &kJson},
         {{"bext nginx masquerade status", "for people"}, {"bext nginx masquerade status > /dev/null && echo installed", "in a script"}},
         statuses({{0, "It is installed, or partly so."}, {1, "It could not be found out; standard error says why."}, {3, "It is not installed."}})},
        {"nginx masquerade doctor", kPlace, "try what other programs do with nginx",
         "Tries what certbot, logrotate, init scripts and exporters do with nginx, and prints what fails and how to mend it.",
         {&kAct, &kPidFile, &kBextBin, &kShimBin, &kShimSource, &kJson},
         {{"bext nginx masquerade doctor", "changes nothing"}, {"bext nginx masquerade doctor --act", "also reloads, rotates and upgrades"}},
         statuses({{0, "All is well."}, {1, "Something is not; it is printed."}})},
    };
}

/// What bext-server also knows, for scripts that put one name in the place of the other.
std::vector<Command> hidden() {
    return {{"ctl reload", "", "", "", {&kWait, &kPidFile}, {}, {}}, {"ctl status", "", "", "", {&kJson, &kPidFile}, {}, {}}};
}

}  // namespace

const Flag kHelpFlag{.name = "help", .text = "Prints this, and does nothing else."};
const Flag kVersionFlag{.name = "version", .text = "Prints the version."};

const Program& bext_manual() {
    static const Program program = [] {
        Program one{"bext", "bext takes nginx's place on a running Linux server; this command checks, switches, looks after it, and undoes it.",
                    "bext-server --help tells of the server itself.", {}};
        for (auto* part : {takeover, masquerade, running, hidden})
            for (auto& command : part()) one.commands.push_back(std::move(command));
        return one;
    }();
    return program;
}

}  // namespace bext::cli
