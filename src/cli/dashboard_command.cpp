#include "cli/dashboard_command.h"

#include <gflags/gflags.h>
#include <signal.h>
#include <stdio.h>

#include "base/interrupts.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/numbers.h"
#include "cli/status.h"
#include "cli/takeover_findings.h"
#include "dashboard/samples.h"
#include "dashboard/serve.h"
#include "tls/accept.h"
#include "tls/connect.h"

DECLARE_int32(port);
DECLARE_string(pid_file);

namespace bext::cli {
namespace {

constexpr std::size_t kTold = 5;  // seconds of samples in every status; a page that was away longer asks for all

int fail(const std::string& why) {
    fprintf(stderr, "bext: dashboard failed: %s\n", why.c_str());
    return 1;
}

/// Looks at the configuration anew whenever another one serves.
class Looking {
public:
    explicit Looking(Findings& findings) : findings_(findings) {}

    void look(const std::string& status) {
        auto facts = flattened(status);
        auto serves = cat({facts["pid"], " ", facts["generation"], " ", facts["configuration"]});
        if (facts["configuration"].empty() || serves == seen_) return;
        seen_ = serves;
        findings_.renew(takeover::look(nullptr, "", facts["configuration"], NginxVersion::parse(facts["compatible"])), {}, {});
    }

private:
    Findings& findings_;
    std::string seen_;
};

dashboard::Sample sample(Numbers& numbers, Looking& looking) {
    auto one = numbers.ask();
    looking.look(numbers.server());
    return one.value_or(dashboard::Sample());
}

dashboard::Actions actions_of(Findings& findings, Numbers& numbers, const dashboard::Samples& samples) {
    dashboard::Actions actions;
    actions.page = dashboard::Page::kRunning;
    actions.command = "bext dashboard";
    actions.status = [&] { return cat({numbers.status(), ",\"samples\":", samples.json(kTold)}); };
    actions.shows = {{"samples", [&] { return samples.json(); }}, {"numbers", [&] { return numbers.series(); }},
                     {"config", [&] { return findings.inventory(); }}, {"errors", [&] { return findings.error_logs(); }}};
    return actions;
}

int serve_page() {
    if (auto found = find_server(FLAGS_pid_file); !found) return fail(found.error().text);
    std::optional<SignalsHeld> not_the_threads(std::in_place);  // signals are the page's
    Numbers numbers(FLAGS_pid_file);
    Findings findings;
    Looking looking(findings);
    dashboard::Samples samples([&] { return sample(numbers, looking); });
    not_the_threads.reset();
    signal(SIGPIPE, SIG_IGN);
    auto done = dashboard::serve(FLAGS_port, actions_of(findings, numbers, samples), [](const std::string& url) {
        printf("The dashboard is at %s\nCtrl-C ends it; the server goes on.\n", url.c_str());
        fflush(stdout);
    });
    return done ? 0 : fail(done.error().text);
}

}  // namespace

std::optional<int> run_dashboard_command(const Invocation& invocation) {
    if (!invocation.is("dashboard")) return std::nullopt;
    tls::install();
    tls::install_connector();
    return serve_page();
}

}  // namespace bext::cli
