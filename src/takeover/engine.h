// Engine: takes the ports over from nginx and gives them back. Every step is in the journal before it is done, so that a
// process that dies leaves behind what another one finishes or undoes. The listening sockets never close on the way.
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sysd/manager.h"
#include "takeover/journal.h"
#include "takeover/nginx.h"
#include "takeover/probe.h"

namespace bext::takeover {

struct Settings {
    std::string conf_file;    // what to serve; "": nginx's own
    int timeout_s = 60;       // for everything before the probation
    int probation_s = 3;      // how long bext serves alone before the commit
};

/// How many steps there are from Preflight to Active, and from there to RolledBack.
inline constexpr std::size_t kForwardSteps = 11, kBackSteps = 4;

class Engine {
public:
    using Say = std::function<void(const std::string&)>;
    Engine(sysd::Manager& manager, Journal& journal, Settings settings, Say say)
        : manager_(manager), journal_(journal), settings_(std::move(settings)), say_(std::move(say)) {}

    /// From Preflight to Active. On any failure nginx has the ports again, the phase is Failed and the error says why.
    Result<> take_over();
    /// Whether bext serves by a takeover, so that the ports can be given back.
    bool may_roll_back() const;
    /// From Active or Failed to RolledBack.
    Result<> roll_back();
    /// Finishes or undoes what a process that died has left; true when there was something. It starts from what is there: drop-ins,
    /// the commit bit, who runs; the journal only tells what was wanted.
    Result<bool> recover();
    /// The same before the services start: only what decides which of them does.
    Result<bool> recover_at_boot();

private:
    using Clock = std::chrono::steady_clock;
    struct Step {
        const char* name;
        const char* text;
        Result<> (Engine::*run)();
    };
    Result<> run(const Step& step);
    Result<> not_interrupted() const;

    // forward.cpp
    Result<> forward();
    Result<> record();
    Result<> ask_nginx();
    Result<> arm();
    Result<> close_gates();
    Result<> start_bext();
    Result<> prove();
    Result<> stop_nginx();
    Result<> wait_for_ports();
    Result<> prove_alone();
    Result<> probation();
    Result<> commit();
    Result<> disable_nginx();
    Result<> launch_bext();
    Result<> pin_files(const sysd::Unit& nginx);
    void unpin_files();
    Result<> prove_targets(std::size_t most, int patience_ms);

    // back.cpp
    Result<> adopt();
    void arm_back();
    Result<> back_or_call_off();
    Result<> give_back();
    void call_off();
    Result<> start_nginx();
    Result<> start_nginx_on(const std::vector<Fd>& sockets);
    Result<> start_nginx_afresh(const Error& before);
    Result<> verify_nginx();
    Result<> verify_sockets(const loader::Configuration& configuration, const std::set<std::uint64_t>& open);
    Result<> restore_boot_state(bool bext_off);
    Result<> release_bext();
    Result<> clean_up();
    bool nginx_serves();

    // recover.cpp
    Result<bool> clear_start();
    Result<bool> recover_committed(bool cleared);
    Result<bool> recover_uncommitted(bool cleared);
    Result<> finish();
    void disarm();
    Result<> set_timer(int seconds);

    sysd::Manager& manager_;
    Journal& journal_;
    Settings settings_;
    Say say_;
    Clock::time_point deadline_ = Clock::time_point::max();
    Nginx nginx_;
    loader::Configuration configuration_;
    std::vector<Target> targets_;
    std::vector<Answer> before_;   // what nginx answered, for each of these
    std::vector<Fd> taken_;        // duplicates of nginx's listening sockets
    bool boot_restored_ = false;   // nginx starts at boot as it did
    bool undoing_ = false;         // a full disk is then no reason to stop
    bool stop_first_ = false;      // they could not be taken: the ports are free for a moment
};

/// The configuration that a server was started with.
Result<loader::Configuration> read(const loader::Source& source);
/// How often 5xx was answered, of all answers, in percent, by the last lines of an access log.
int error_share(const std::string& access_log);

}  // namespace bext::takeover
