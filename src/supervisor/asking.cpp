// What the Supervisor answers on its control socket.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "base/figures.h"
#include "base/json.h"
#include "base/series_json.h"
#include "base/text.h"
#include "supervisor/report.h"
#include "supervisor/supervisor.h"

namespace bext::supervisor {
namespace {

constexpr std::uint64_t kReportTime = 2000;  // ms
constexpr std::size_t kMostCallers = 64;     // that have not said yet what they want
constexpr std::string_view kSeries = "series ";
constexpr std::size_t kPiece = 32 * 1024;    // bytes of series in one answer, which a socket takes at once

}  // namespace

void Supervisor::open_control() {
    auto control = Control::listen();
    if (control) {
        control_ = *std::move(control);
    } else {
        // A user who is not logged in has no place for it: that is how tests and containers start it, and nothing to warn of.
        report(geteuid() == 0 ? Level::kWarn : Level::kNotice, control.error().text + ", so commands cannot wait for outcomes: signals are all there is");
    }
}

void Supervisor::asked() {
    auto asker = control_.accept();
    if (!asker) return;
    if (callers_.size() == kMostCallers) callers_.erase(callers_.begin());
    callers_.push_back(*std::move(asker));
}

void Supervisor::hear(Asker& asker) {
    auto request = Control::read(asker);
    if (!request) return;
    auto caller = std::move(asker);
    if (*request == "reload") return asked_to_reload(std::move(caller));
    if (*request == "words") return caller.succeed(upgrade_words());
    if (*request == "status") return asked_for_status(std::move(caller));
    if (request->starts_with(kSeries)) return asked_for_series(std::move(caller), std::string_view(*request).substr(kSeries.size()));
    if (*request == "leave") {
        leaving_ = true;
        return caller.succeed();
    }
    if (*request == "upgrade") {
        Askers askers;
        askers.push_back(std::move(caller));
        return upgrade(true, std::move(askers));
    }
    if (*request == "stand-aside") return stand_aside(std::move(caller));
    if (!request->empty()) caller.fail("unknown request \"" + *request + "\"");
}

void Supervisor::asked_to_reload(Asker asker) {
    if (!started_ || ending_ != Ending::kNo) return asker.fail("the service is starting or ending");
    bool running = loader_ >= 0 || next_;
    (running ? reload_askers_next_ : reload_askers_).push_back(std::move(asker));
    reload();
}

void Supervisor::answer_reload(Milestone milestone, const std::string& detail) {
    for (auto& asker : std::exchange(reload_askers_, std::move(reload_askers_next_))) {
        if (milestone == Milestone::kReloaded) {
            asker.succeed();
        } else {
            asker.fail(detail.empty() ? "the configuration was refused; its error log says why" : detail);
        }
    }
    reload_askers_next_.clear();
}

/// The path of the binary and the words with which it tests the configuration, a line each.
std::string Supervisor::upgrade_words() const {
    auto text = options_.binary + "\n";
    for (auto& word : options_.check_argv) text += word + "\n";
    return text;
}

void Supervisor::asked_for_status(Asker asker) {
    status_askers_.push_back(std::move(asker));
    if (status_askers_.size() > 1) return;
    status_deadline_ = clock_ms() + kReportTime;
    if (!worker_ || !worker_->serving || !worker_->channel.send(handoff::Kind::kReport, 0, {}, {}, 0)) answer_status("null");
}

/// "series N": figures by name, without the first N.
void Supervisor::asked_for_series(Asker asker, std::string_view skip) const {
    auto count = parse_decimal(skip);
    auto* series = figure_page().series();
    if (!count || !series) return asker.fail("how many rows to skip is wanted");
    asker.succeed(series_json(*series, *count, kPiece));
}

void Supervisor::answer_status(std::string_view worker) {
    status_deadline_ = 0;
    auto text = status_text(worker);
    for (auto& asker : std::exchange(status_askers_, {})) asker.succeed(text);
}

/// JSON: {"pid":…,"version":…,"generation":…,"worker":…,"figures":{…}}
std::string Supervisor::status_text(std::string_view worker) const {
    auto number = [](auto n) { return std::to_string(n); };
    std::string draining;
    for (auto& one : draining_) draining += (draining.empty() ? "" : ",") + number(one->pid);
    auto text = cat({"{\"version\":\"", BEXT_VERSION, "\",\"as_nginx\":", options_.masquerade ? "true" : "false", ",\"configuration\":",
                     json_text(options_.conf_path), ",\"configuration_since\":", number(current_ ? current_->since : 0), ",", history_.json(),
                     ",\"pid\":", number(getpid()), ",\"uptime_ms\":", number(clock_ms() - started_ms_), ",\"generation\":",
                     number(current_ ? current_->generation : 0), ",\"worker_pid\":", number(worker_ ? worker_->pid : 0), ",\"draining_pids\":[",
                     draining, "],\"upgrading\":", upgrade_ ? "true" : "false", ",\"last_reload\":\"", history_.reload.outcome, "\",\"compatible\":\"",
                     current_ ? current_->plan().compatible : "", "\",\"compatible_from\":\"", current_ ? current_->plan().compatible_from : "", "\",\"worker\":", worker,
                     ",\"answers\":", figure_page().series() ? answers_json(*figure_page().series()) : "null", ",\"figures\":", figures_json(figure_page()), "}\n"});
    return text;
}

}  // namespace bext::supervisor
