// bext: the administrator's command.
#include <gflags/gflags.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "cli/command_line.h"
#include "cli/masquerade_command.h"
#include "cli/takeover_command.h"

namespace {

constexpr char kUsage[] =
    "asks a running bext-server.\n\n"
    "  bext reload [--pid-file FILE]                    read the configuration again; returns when it serves\n"
    "  bext upgrade [--binary FILE] [--pid-file FILE]   change the binary without losing a request\n"
    "  bext stop [--pid-file FILE]                      finish what is in flight and end; returns when it has\n"
    "  bext status [--json] [--pid-file FILE]           what it does\n"
    "  bext nginx masquerade install [--no-now] [--dry-run] [--json]   put bext in nginx's place\n"
    "  bext nginx masquerade uninstall                  put nginx back\n"
    "  bext nginx masquerade status [--json]            what is installed, and who serves\n"
    "  bext nginx masquerade doctor [--act] [--json]    try what other programs do with nginx\n"
    "  bext nginx-takeover [--nginx-config FILE] [--auto-takeover] [--timeout SECONDS] [--rehearsal N] [--json] [--yes]\n"
    "                                                   check, and take the ports over from nginx\n"
    "  bext takeover status [--json]                    how far a takeover is\n"
    "  bext rollback [--if-uncommitted] [--yes]         give the ports back to nginx\n"
    "  bext recover                                     finish or undo what was interrupted";

}  // namespace

int main(int argc, char** argv) {
    bext::open_standard_descriptors();
    if (argc > 1 && strcmp(argv[1], "serve-on") == 0) return bext::cli::serve_on_command(argc, argv);
    gflags::SetUsageMessage(kUsage);
    gflags::SetVersionString(BEXT_VERSION);
    gflags::ParseCommandLineFlags(&argc, &argv, true);
    if (auto status = bext::cli::masquerade_command(argc, argv)) return *status;
    if (auto status = bext::cli::run_takeover_command(argc, argv)) return *status;
    if (auto status = bext::cli::run_command(argc, argv)) return *status;
    fprintf(stderr, "bext: %s\n", kUsage);
    return 2;
}
