// bext: the administrator's command.
#include <string.h>

#include "base/fd.h"
#include "cli/command_line.h"
#include "cli/dashboard_command.h"
#include "cli/help.h"
#include "cli/masquerade_command.h"
#include "cli/takeover_command.h"

int main(int argc, char** argv) {
    bext::open_standard_descriptors();
    using namespace bext::cli;
    if (argc > 1 && strcmp(argv[1], "serve-on") == 0) return serve_on_command(argc, argv);
    Invocation invocation;
    if (auto status = begin(bext_manual(), argc, argv, invocation)) return *status;
    set_flags(bext_manual(), invocation);
    auto status = masquerade_command(invocation);
    if (!status) status = run_takeover_command(invocation);
    if (!status) status = run_dashboard_command(invocation);
    if (!status) status = run_command(invocation);
    return written(bext_manual(), status.value_or(2));
}
