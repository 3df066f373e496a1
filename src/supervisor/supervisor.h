// Supervisor: lives as long as the service. It owns the pid file, the listening sockets and the log files, has the
// configuration loaded by a short-lived process and served by a worker, and parses neither HTTP nor nginx.conf itself.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "handoff/bundle.h"
#include "supervisor/background.h"
#include "supervisor/certificate_watch.h"
#include "handoff/channel.h"
#include "supervisor/logs.h"
#include "supervisor/notify.h"
#include "supervisor/sockets.h"
#include "supervisor/control.h"
#include "supervisor/spawn.h"
#include "supervisor/stand_aside.h"
#include "supervisor/history.h"
#include "supervisor/upgrade.h"

struct signalfd_siginfo;

namespace bext::supervisor {

struct Options {
    std::vector<std::string> argv;  // for the title
    std::string conf_path;
    std::string prefix;
    std::string directives;          // -g
    std::string error_log;           // -e
    std::string binary;                   // what an upgrade executes,
    std::vector<std::string> exec_argv;   // with these words
    std::vector<std::string> check_argv;  // and before, to have it test the configuration
    std::string pid_path;            // in place of the plan's, when set
    std::string comm = "nginx";      // the kernel's name of the processes; "" leaves it
    std::string title = "bext-server";
    std::string stand_aside_path = kStandAsidePath;  // what it may execute in its place
    bool masquerade = false;         // TERM and INT finish what is in flight
    bool foreground = false;         // never daemonise, whatever the plan says
    int load_deadline_ms = 60'000;   // for a worker to take a configuration
    int patience_ms = 10'000;        // for a worker that shows no life; a fifth of it while a reload waits, a tenth before one
    int upgrade_deadline_ms = 30'000;  // for a new binary to serve
};

enum class Milestone { kReady, kReloading, kReloaded, kReloadFailed, kStopping, kUpgradeFailed, kHandedOver, kTookOver };

/// What the main gives: the other roles of the binary.
struct Roles {
    /// Reads and checks the configuration; runs in a process of its own. An error without text was already reported.
    std::function<Result<Fd>(const Options&)> load;
    /// Serves until it is told to end; runs in a process of its own. The result is its exit status.
    std::function<int(Fd channel)> worker_main;
    /// Told of every milestone, for the service manager. May be empty.
    std::function<void(Milestone, const std::string& detail)> reached;
};

/// Runs the service; the result is the exit status of the process. With `daemon on` the caller's process waits and
/// exits with the outcome of the start, and this returns in its child.
int run(const Options& options, const Roles& roles);

class Supervisor {
public:
    Supervisor(const Options& options, const Roles& roles) : options_(options), roles_(roles) {}

    int run();

private:
    /// One configuration in force or on trial.
    struct State {
        State(std::uint64_t number, handoff::Bundle sealed) : generation(number), bundle(std::move(sealed)) {}
        const handoff::Plan& plan() const { return bundle.plan(); }

        std::uint64_t generation;
        handoff::Bundle bundle;
        Logs logs;
        Sockets sockets;
        int reopened = 0;  // how often the logs were opened anew
        std::int64_t since = 0;  // seconds since 1970: in force
    };
    using StatePtr = std::shared_ptr<State>;

    struct Worker {
        pid_t pid = -1;
        handoff::Channel channel;
        StatePtr serving;
        StatePtr loading;
        int logs_seen = 0;                // State::reopened at the time the logs were lent
        std::uint64_t started_ms = 0;
        std::uint64_t load_deadline = 0;  // 0: nothing is being loaded
        std::uint64_t end_deadline = 0;   // 0: it is not asked to end
        bool terminated = false;
        bool passed_over = false;         // it hangs: another process tries what it was to take up
        std::uint64_t stopped_ms = 0;     // since when SIGSTOP holds it; 0: it does not
        std::uint64_t turn_seen = 0;      // the long turn of a thread at the last look; 0: there was none
    };
    using WorkerPtr = std::unique_ptr<Worker>;

    enum class Ending { kNo, kGraceful, kNow };

    // supervisor.cpp: start, loop, end
    Result<> start();
    Result<> prepare_start();
    Result<> take_figures();
    void become_visible();
    void loop();
    bool wait_for_events();
    int wait_ms() const;
    void run_deadlines();
    void finish();
    bool over() const;
    bool asked_to_end() const;
    std::string pid_path(const State& state) const;

    // signals.cpp
    Result<> take_signals();
    void read_signals();
    void handle(const signalfd_siginfo& signal);
    void end(Ending how);
    bool ends_after_start(Ending how);
    void reopen_logs();

    // reload.cpp
    Result<Child> start_loader() const;
    void reload();
    void loader_spoke();
    void try_bundle(Fd bundle);
    Result<StatePtr> make_state(Fd bundle, const Sockets& current);
    Result<> open_state(State& state, const Sockets& current);
    void commit();
    void abandon(const std::string& reason, Level level = Level::kEmerg);
    void reload_ended(Milestone milestone, const std::string& detail = {});
    void use_logs_of(const State& state);

    // certificates.cpp
    std::string changed_certificate(std::string& all) const;
    void look_at_certificates();
    std::string taken_along(const State& state) const;

    // service.cpp
    void reached(Milestone milestone, const std::string& detail = {});
    std::string status_line() const;
    void store_sockets();
    void clear_service();
    void give_service_to(pid_t pid);
    void tell_status();

    // upgrade.cpp
    std::string upgrade_hindrance() const;
    bool ends_after_upgrade(Ending how);
    void upgrade(bool automatic, Askers askers);
    void stand_aside(Asker asker);
    Result<> move_pid_file_aside();
    void upgrade_child_died(int status, const std::string& how);
    void save_warm_state();
    void start_successor();
    void successor_spoke();
    void upgrade_failed(const std::string& reason);
    void take_back_pid_file();
    void upgrade_late();
    Fd hand_over();
    void predecessor_spoke();
    void tell_predecessor();

    // asking.cpp
    void open_control();
    void asked();
    void hear(Asker& asker);
    void asked_to_reload(Asker asker);
    void answer_reload(Milestone milestone, const std::string& detail);
    std::string upgrade_words() const;
    void asked_for_status(Asker asker);
    void asked_for_series(Asker asker, std::string_view skip) const;
    void answer_status(std::string_view worker);
    std::string status_text(std::string_view worker) const;

    // hangs.cpp
    void look_at_worker();
    bool hangs(const Worker& worker, std::uint64_t patience_ms) const;
    std::string hangs_where(const Worker& worker) const;
    void heard_stop(pid_t pid, bool stopped);
    void replace_worker();
    void try_elsewhere();
    bool able() const;
    std::uint64_t patience(int part) const { return static_cast<std::uint64_t>(options_.patience_ms / part); }

    // workers.cpp
    Result<WorkerPtr> start_worker(const StatePtr& state);
    void lend(Worker& worker, const StatePtr& state);
    void worker_spoke(Worker& worker);
    void serving(Worker& worker, std::uint64_t generation);
    void unable(Worker& worker, std::uint64_t generation, const std::string& why);
    void refused(Worker& worker, std::uint64_t generation, const std::string& reason);
    void ask_to_end(Worker& worker, handoff::Kind how, const Fd& heir = {});
    void drain(WorkerPtr worker, Worker* heir);
    void stop_worker();
    void start_worker_again();
    void reap();
    void worker_died(pid_t pid, const std::string& how);
    std::uint64_t count_lost(pid_t pid, bool signalled);
    void respawn();
    void respawn_later(bool was_of_use);
    std::vector<Worker*> workers() const;

    const Options& options_;
    const Roles& roles_;
    Fd signals_;
    Background background_;
    bool started_ = false;
    std::string start_failure_;

    Predecessor before_;
    History history_;
    Notify notify_;
    std::set<std::string> stored_;  // names of the sockets that the service manager keeps
    std::string last_trouble_;
    std::uint64_t next_keep_alive_ = 0, next_status_ = 0;
    std::uint64_t started_ms_ = 0;

    std::uint64_t generation_ = 0;
    StatePtr current_;  // the last good one
    StatePtr next_;     // on trial
    std::string next_pid_path_;
    std::string busy_;  // the addresses that the last try to open sockets found taken

    CertificateWatch certificates_;
    std::string tried_certificates_;   // what they said when they were last taken, or refused
    bool for_certificates_ = false;    // the reload that runs is one that nobody asked for

    pid_t loader_ = -1;
    handoff::Channel loader_channel_;
    bool reload_again_ = false;

    Control control_;
    Askers callers_;  // have not said yet what they want
    Askers reload_askers_, reload_askers_next_;
    Askers status_askers_;
    std::uint64_t status_deadline_ = 0;

    std::unique_ptr<Upgrade> upgrade_;
    std::string old_pid_path_;  // where the pid file is while another process has its place

    WorkerPtr worker_;
    WorkerPtr successor_;  // tries next_ in a process of its own, since worker_ cannot
    std::vector<WorkerPtr> draining_;
    std::uint64_t respawn_at_ = 0;
    int useless_ = 0;  // workers in a row that died young and had answered nothing
    std::uint64_t next_look_ = 0, healthy_ms_ = 0;
    bool worker_stopped_ = false;  // SIGWINCH: a new binary serves alone, for now
    Ending ending_ = Ending::kNo;
    bool end_after_start_ = false;
    bool leaving_ = false;  // another server has the sockets: who is idle may ask once more before the end
};

/// Milliseconds of the monotonic clock.
std::uint64_t clock_ms();

}  // namespace bext::supervisor
