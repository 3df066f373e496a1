// Manager: systemd's manager on the system bus: jobs that are waited for, unit files, properties. See org.freedesktop.systemd1(5)
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace bext::sysd {

/// Whether this machine was booted with systemd, as sd_booted(3) finds it.
bool booted();

/// What systemd knows of a unit. A unit that does not exist has the load state "not-found".
struct Unit {
    std::string load_state;     // loaded, not-found, bad-setting, error, masked
    std::string active_state;   // active, reloading, inactive, failed, activating, deactivating
    std::string sub_state;
    std::string file_state;     // enabled, disabled, masked, …
    std::string fragment_path;  // the unit file, "" when there is none
    std::vector<std::string> drop_in_paths;
    bool need_daemon_reload = false;  // systemd 255 and later say so of every unit once any was enabled or disabled: see unread()
    // Of services only:
    pid_t main_pid = 0;
    std::string type;
    std::string pid_file;
    std::string control_group;

    bool exists() const { return load_state != "not-found" && !load_state.empty(); }
    bool active() const { return active_state == "active" || active_state == "reloading"; }
};

/// What a service may write. systemd.exec(5)
struct Sandbox {
    std::string protect_system;           // strict, full, yes, no
    std::vector<std::string> read_write;  // as ReadWritePaths= has them, with their "-" or "+"
};

enum class Job { kStart, kStop, kRestart, kReload, kReloadOrRestart };

class Manager {
public:
    /// Connects and subscribes to what becomes of jobs.
    static Result<Manager> connect();
    Manager(Manager&&) noexcept;
    Manager& operator=(Manager&&) noexcept;
    ~Manager();

    /// Runs a job for `unit` and waits for its end; any result but "done" is an error that names the unit and the result.
    Result<> run(Job job, const std::string& unit, int timeout_ms);

    Result<Unit> unit(const std::string& name);
    /// The words of the first ExecStart= of a service, as systemd would execute them; empty when it has none.
    Result<std::vector<std::string>> start_words(const std::string& name);

    Result<Sandbox> sandbox(const std::string& service);
    /// What of the unit's files systemd has not read yet, in words; "" when it has read everything.
    Result<std::string> unread(const std::string& name, const Unit& unit);

    /// Unit files only, without a daemon_reload() and without SysV links (see disable() of unit_file.h).
    Result<> enable_file(const std::string& unit);
    Result<> disable_file(const std::string& unit);
    Result<> mask(const std::string& unit);
    Result<> unmask(const std::string& unit);

    /// Reads all unit files again.
    Result<> daemon_reload();
    /// Forgets that a unit failed, and how often it was started.
    Result<> reset_failed(const std::string& unit);

private:
    struct Bus;
    explicit Manager(std::unique_ptr<Bus> bus);
    std::unique_ptr<Bus> bus_;
};

}  // namespace bext::sysd
