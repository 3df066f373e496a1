// The table of bext-server's commands.
#include "cli/manual_flags.h"

namespace bext::cli {
namespace {

constexpr std::string_view kServing = "Serving", kAsking = "The running server";

constexpr Flag kConfig{.name = "config", .kind = Kind::kFile, .value = "FILE",
    .text = "bext's own configuration. Without it: /etc/bext/bext.config.toml, which may be missing."};
constexpr Flag kNginxConfig{.name = "nginx-config", .kind = Kind::kFile, .value = "FILE",
    .text = "The nginx.conf to serve. Without it: what [nginx] config of bext's own configuration says, else /etc/nginx/nginx.conf."};
constexpr Flag kOwnPidFile{.name = "pid-file", .kind = Kind::kFile, .value = "FILE",
    .text = "Where the server writes its process id. Without it: /run/bext.pid; in nginx's name, and for another user than root, the one "
            "that the configuration names."};
constexpr Flag kDefaultSite{.name = "default-site", .text = "Serves a built-in page on a loopback port and prints its address."};
constexpr Flag kPort{.name = "port", .kind = Kind::kNumber, .value = "PORT", .standard = "8080",
    .text = "With --default-site: the first port to try.", .least = 1, .most = 65535};
constexpr Flag kIdentity{.name = "identity", .kind = Kind::kText, .value = "NAME/VERSION",
    .text = "The name and version in the answers."};
constexpr Flag kFile{.name = "c", .kind = Kind::kFile, .value = "FILE", .standard = "/etc/nginx/nginx.conf", .text = "The configuration."};
constexpr Flag kPrefix{.name = "p", .kind = Kind::kFile, .value = "DIRECTORY", .standard = "/usr/share/nginx/", .text = "Where relative paths start from."};
constexpr Flag kDirectives{.name = "g", .kind = Kind::kText, .value = "DIRECTIVES", .text = "Directives that go before those of the configuration."};
constexpr Flag kErrorLog{.name = "e", .kind = Kind::kFile, .value = "FILE", .standard = "stderr", .text = "The error log until the configuration names one."};
constexpr Flag kQuiet{.name = "q", .text = "Prints faults only."};

std::vector<Status> statuses(std::string_view done = "It was done.") {
    return {{0, done}, {1, "It was not done; standard error says why."}, {2, "The command line was not understood."}};
}

std::vector<Command> serving() {
    constexpr std::string_view kStopped = "It was stopped.";
    return {
        {"run", kServing, "serve in the foreground",
         "Serves what an nginx.conf describes, in the foreground, as bext.service does. HUP reloads, USR1 opens the logs again, USR2 changes "
         "the binary, QUIT finishes what is under way and ends, TERM and INT end.",
         {&kConfig, &kNginxConfig, &kOwnPidFile, &kDefaultSite, &kPort},
         {{"bext-server run --nginx-config /etc/nginx/nginx.conf", "what nginx serves"}, {"bext-server run --default-site", "a page to look at"}},
         statuses(kStopped)},
        {"--nginx-masquerade", kServing, "serve in nginx's name",
         "Serves in the foreground in nginx's name: the process, the pid file and the Server field are nginx's, and TERM finishes what is "
         "under way. nginx.service runs this after bext nginx masquerade install.",
         {&kNginxConfig, &kOwnPidFile},
         {{"bext-server --nginx-masquerade", "serves what nginx serves"},
          {"bext-server --nginx-masquerade --nginx-config /a.conf --pid-file /a.pid", "another one, beside it"}},
         statuses(kStopped)},
        {"nginx check", kServing, "test the configuration",
         "Tests the configuration as serving would read it, with nginx's texts, as nginx -t does.",
         {&kFile, &kPrefix, &kDirectives, &kErrorLog, &kQuiet},
         {{"bext-server nginx check", "the configuration of this machine"}, {"bext-server nginx check -c /srv/nginx.conf", "another one"}},
         {{0, "It is accepted."}, {1, "It is refused; standard error says where."}, {2, "The command line was not understood."}}},
        {"git-deploy", kServing, "run a command on every push",
         "Waits for webhooks and runs a command on every push, when [git_deploy] of bext's own configuration enables that; else it ends at "
         "once. bext-deploy.service runs it.",
         {&kConfig},
         {{"bext-server git-deploy", "by /etc/bext/bext.config.toml"}, {"bext-server git-deploy --config ./bext.config.toml", "by another file"}},
         statuses("It was stopped, or is not enabled.")},
        {"rehearse", "", "", "", {&kNginxConfig, &kIdentity}, {}, {}},
    };
}

std::vector<Command> asking() {
    return {
        {"upgrade", kAsking, "change the binary without losing a request",
         "Changes the process of the running server for a new one of its binary without losing a request, as bext upgrade does.",
         {&kBinary, &kPidFile},
         {{"bext-server upgrade", "what systemctl reload bext does"}, {"bext-server upgrade --binary ./bext-server", "puts this binary in the place of the running one first"}},
         statuses("The new process serves."), &kBinary},
        {"stop", kAsking, "finish what is under way and end",
         "Has the running server answer what it has under way, and returns when it has ended.",
         {&kPidFile},
         {{"bext-server stop", "the server that is found"}, {"bext-server stop --pid-file ./bext.pid", "the one that this file names"}}, statuses("It has ended.")},
        {"ctl reload", kAsking, "read the configuration again",
         "The running server reads its configuration again, as with bext reload.",
         {&kWait, &kPidFile},
         {{"bext-server ctl reload", "returns when the new configuration serves"}, {"bext-server ctl reload --no-wait", "returns at once"}},
         statuses("The new configuration serves.")},
        {"ctl status", kAsking, "what the server does",
         "Tells what the running server does, as bext status.",
         {&kJson, &kPidFile},
         {{"bext-server ctl status", "for people"}, {"bext-server ctl status --json", "for programs"}}, statuses("It has answered.")},
        {"reload", "", "", "", {&kWait, &kPidFile}, {}, {}},
        {"status", "", "", "", {&kJson, &kPidFile}, {}, {}},
    };
}

}  // namespace

const Program& server_manual() {
    static const Program program = [] {
        Program one{"bext-server", "bext-server is a web server that reads nginx.conf unchanged and answers with nginx's bytes.",
                    "bext --help tells how it takes nginx's place on a server, and how it is looked after.", {}};
        for (auto* part : {serving, asking})
            for (auto& command : part()) one.commands.push_back(std::move(command));
        return one;
    }();
    return program;
}

}  // namespace bext::cli
