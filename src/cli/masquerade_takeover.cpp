#include "cli/masquerade_takeover.h"

#include <unistd.h>

#include "cli/takeover_hands.h"
#include "takeover/disk.h"
#include "takeover/engine.h"
#include "takeover/places.h"
#include "tls/accept.h"
#include "tls/connect.h"

namespace bext::cli {
namespace {

using takeover::kActiveBit;

constexpr const char* kHandover = "nginx.service serves on the sockets of bext.service, which ends";

/// Something of a takeover is in force, or was left by one that died.
bool takeover_is_there() {
    auto state = takeover::Journal::look(takeover::kJournalDirectory);
    return takeover::exists(kActiveBit) || takeover::exists(takeover::kBextGate) || (state && takeover::in_transition(state->phase));
}

Result<bool> settle(Hands& hands, const masquerade::Report& report) {
    auto say = [&report](const std::string& text) { report("takeover", text); };
    return takeover::Engine(hands.manager, hands.journal, {}, say).recover();
}

/// The files first, which nothing looks at while the gate of nginx.service is closed; then the sockets.
Result<> move_over(Hands& hands, masquerade::Settings settings, const masquerade::Report& report) {
    auto& state = hands.journal.state();
    if (!allowed(state.phase, takeover::Phase::kRollingBack))
        return Error{"bext has taken over, but the phase is " + std::string(name_of(state.phase)) + ": see bext takeover status"};
    auto before = masquerade::status(settings);
    if (!before) return before.error();
    settings.takes_directory = takeover::exists(takeover::kNginxGate);
    if (settings.nginx_config.empty()) settings.nginx_config = state.note("nginx-conf");
    if (auto done = masquerade::install(settings, false, report); !done) return done;
    auto say = [&report](const std::string& text) { report("takeover", text); };
    auto done = takeover::Engine(hands.manager, hands.journal, {}, say).roll_back();
    if (done) {
        report("done", kHandover);
        return {};
    }
    auto error = done.error();
    if (before->state() != masquerade::State::kAbsent || !takeover::exists(kActiveBit)) return error;
    if (auto undone = masquerade::uninstall(settings, false, report); !undone) error.text += "; and then: " + undone.error().text;
    return error;
}

}  // namespace

Result<> install_after_takeover(masquerade::Settings settings, bool dry_run, const masquerade::Report& report) {
    if (geteuid() != 0 || !takeover_is_there()) return masquerade::install(settings, dry_run, report);
    tls::install();
    tls::install_connector();
    auto hands = take_hands();
    if (!hands) return hands.error();
    if (!dry_run)
        if (auto done = settle(*hands, report); !done) return done.error();
    if (!takeover::exists(kActiveBit)) return masquerade::install(settings, dry_run, report);
    if (!settings.now)
        return Error{"bext has taken over, and nginx.service may not start: without --no-now the change is made at once, without a gap; "
                     "after bext rollback it can wait for a restart"};
    settings.now = false;
    if (!dry_run) return move_over(*hands, settings, report);
    if (auto told = masquerade::install(settings, true, report); !told) return told;
    report("would do", kHandover);
    return {};
}

Result<> uninstall_after_takeover(const masquerade::Settings& settings, bool dry_run, const masquerade::Report& report) {
    if (geteuid() == 0 && !dry_run && takeover_is_there()) {
        tls::install();
        tls::install_connector();
        auto hands = take_hands();
        if (!hands) return hands.error();
        if (auto done = settle(*hands, report); !done) return done.error();
    }
    auto done = masquerade::uninstall(settings, dry_run, report);
    if (done && takeover::exists(kActiveBit)) report("takeover", "what serves is bext.service, after a takeover: bext rollback gives the ports back to nginx");
    return done;
}

}  // namespace bext::cli
