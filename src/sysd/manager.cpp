#include "sysd/manager.h"

#include <sdbus-c++/sdbus-c++.h>
#if __has_include(<sdbus-c++/VTableItems.h>)  // only 2.x has it
#define BEXT_SDBUS_2 1
#endif
#include <sys/stat.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>

#include "base/interrupts.h"
#include "sysd/unread.h"

namespace bext::sysd {
namespace {

#ifdef BEXT_SDBUS_2
using ServiceName = sdbus::ServiceName;
#else
using ServiceName = std::string;
#endif

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
constexpr const char* kServiceUnit = "org.freedesktop.systemd1.Service";
constexpr std::chrono::seconds kCallTime{30};
constexpr std::chrono::seconds kReloadTime{90};  // reading all units can take long

using Changes = std::vector<sdbus::Struct<std::string, std::string, std::string>>;

/// 1.x wants to be told that no more signal handlers come.
template <class Proxy>
void finish(Proxy& proxy) {
    if constexpr (requires { proxy.finishRegistration(); }) proxy.finishRegistration();
}

const char* method_of(Job job) {
    switch (job) {
        case Job::kStart: return "StartUnit";
        case Job::kStop: return "StopUnit";
        case Job::kRestart: return "RestartUnit";
        case Job::kReload: return "ReloadUnit";
        default: return "ReloadOrRestartUnit";
    }
}

const char* verb_of(Job job) {
    switch (job) {
        case Job::kStart: return "starting ";
        case Job::kStop: return "stopping ";
        case Job::kRestart: return "restarting ";
        default: return "reloading ";
    }
}

/// The edge where exceptions end.
template <class Call>
auto guarded(const std::string& what, Call call) -> Result<decltype(call())> {
    try {
        if constexpr (std::is_void_v<decltype(call())>) {
            call();
            return {};
        } else {
            return call();
        }
    } catch (const sdbus::Error& error) {
        return Error{what + " failed: " + error.getMessage()};
    } catch (const std::exception& error) {
        return Error{what + " failed: " + error.what()};
    }
}

}  // namespace

bool booted() {
    struct stat found {};
    return lstat("/run/systemd/system/", &found) == 0 && S_ISDIR(found.st_mode);
}

struct Manager::Bus {
    std::unique_ptr<sdbus::IConnection> connection = sdbus::createSystemBusConnection();
    std::unique_ptr<sdbus::IProxy> proxy =
        sdbus::createProxy(*connection, ServiceName{kService}, sdbus::ObjectPath{"/org/freedesktop/systemd1"});
    std::mutex mutex;
    std::condition_variable changed;
    std::map<std::string, std::string> ended;  // job -> result

    Bus() {
        proxy->uponSignal("JobRemoved").onInterface(kManager).call(
            [this](std::uint32_t, const sdbus::ObjectPath& job, const std::string&, const std::string& result) {
                std::lock_guard lock(mutex);
                ended[job] = result;
                changed.notify_all();
            });
        finish(*proxy);
        {
            SignalsHeld not_the_threads;
            connection->enterEventLoopAsync();
        }
        proxy->callMethod("Subscribe").onInterface(kManager);
    }
    ~Bus() {
        proxy.reset();
        connection->leaveEventLoop();
    }

    std::string run(const char* method, const std::string& unit, int timeout_ms) {
        std::chrono::milliseconds time(timeout_ms);
        sdbus::ObjectPath job;
        proxy->callMethod(method).onInterface(kManager).withTimeout(kCallTime).withArguments(unit, std::string("replace")).storeResultsTo(job);
        std::unique_lock lock(mutex);
        bool over = changed.wait_for(lock, time, [&] { return ended.contains(job); });
        return over ? ended[job] : "not done within " + std::to_string(timeout_ms / 1000) + " s";
    }

    template <class T>
    T property(sdbus::IProxy& of, const char* interface, const char* name) {
        return of.getProperty(name).onInterface(interface).template get<T>();
    }
};

Manager::Manager(std::unique_ptr<Bus> bus) : bus_(std::move(bus)) {}
Manager::Manager(Manager&&) noexcept = default;
Manager& Manager::operator=(Manager&&) noexcept = default;
Manager::~Manager() = default;

Result<Manager> Manager::connect() {
    auto bus = guarded("connecting to systemd", [] { return std::make_unique<Bus>(); });
    if (!bus) return bus.error();
    return Manager(*std::move(bus));
}

Result<> Manager::run(Job job, const std::string& unit, int timeout_ms) {
    auto what = verb_of(job) + unit;
    auto result = guarded(what, [&] { return bus_->run(method_of(job), unit, timeout_ms); });
    if (!result) return result.error();
    if (*result == "done") return {};
    return Error{what + " failed: " + *result + "; see journalctl -u " + unit};
}

Result<Unit> Manager::unit(const std::string& name) {
    return guarded("asking systemd for " + name, [&] {
        sdbus::ObjectPath path;
        bus_->proxy->callMethod("LoadUnit").onInterface(kManager).withTimeout(kCallTime).withArguments(name).storeResultsTo(path);
        auto proxy = sdbus::createProxy(*bus_->connection, ServiceName{kService}, path);
        finish(*proxy);
        auto text = [&](const char* interface, const char* key) { return bus_->property<std::string>(*proxy, interface, key); };
        Unit unit;
        unit.load_state = text(kUnit, "LoadState");
        unit.active_state = text(kUnit, "ActiveState");
        unit.sub_state = text(kUnit, "SubState");
        unit.file_state = text(kUnit, "UnitFileState");
        unit.fragment_path = text(kUnit, "FragmentPath");
        unit.drop_in_paths = bus_->property<std::vector<std::string>>(*proxy, kUnit, "DropInPaths");
        unit.need_daemon_reload = bus_->property<bool>(*proxy, kUnit, "NeedDaemonReload");
        if (!name.ends_with(".service")) return unit;
        unit.main_pid = static_cast<pid_t>(bus_->property<std::uint32_t>(*proxy, kServiceUnit, "MainPID"));
        unit.type = text(kServiceUnit, "Type");
        unit.pid_file = text(kServiceUnit, "PIDFile");
        unit.control_group = text(kServiceUnit, "ControlGroup");
        return unit;
    });
}

Result<std::vector<std::string>> Manager::start_words(const std::string& name) {
    using Command = sdbus::Struct<std::string, std::vector<std::string>, bool, std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t,
                                  std::uint32_t, std::int32_t, std::int32_t>;
    return guarded("asking systemd how it starts " + name, [&] {
        sdbus::ObjectPath path;
        bus_->proxy->callMethod("LoadUnit").onInterface(kManager).withTimeout(kCallTime).withArguments(name).storeResultsTo(path);
        auto proxy = sdbus::createProxy(*bus_->connection, ServiceName{kService}, path);
        finish(*proxy);
        auto commands = bus_->property<std::vector<Command>>(*proxy, kServiceUnit, "ExecStart");
        return commands.empty() ? std::vector<std::string>() : std::get<1>(commands.front());
    });
}

Result<Sandbox> Manager::sandbox(const std::string& service) {
    return guarded("asking systemd what " + service + " may write", [&] {
        sdbus::ObjectPath path;
        bus_->proxy->callMethod("LoadUnit").onInterface(kManager).withTimeout(kCallTime).withArguments(service).storeResultsTo(path);
        auto proxy = sdbus::createProxy(*bus_->connection, ServiceName{kService}, path);
        finish(*proxy);
        return Sandbox{bus_->property<std::string>(*proxy, kServiceUnit, "ProtectSystem"),
                       bus_->property<std::vector<std::string>>(*proxy, kServiceUnit, "ReadWritePaths")};
    });
}

Result<std::string> Manager::unread(const std::string& name, const Unit& unit) {
    auto start = start_words(name);
    if (!start) return start.error();
    return guarded("asking systemd when it read the units", [&] {
        Loading loading;
        loading.directories = bus_->property<std::vector<std::string>>(*bus_->proxy, kManager, "UnitPath");
        for (auto* key : {"UnitsLoadFinishTimestamp", "UnitsLoadTimestamp"})  // at the start, and later; 0 when there was no later
            if (auto when = bus_->property<std::uint64_t>(*bus_->proxy, kManager, key)) loading.when_us = static_cast<std::int64_t>(when);
        // A unit that was loaded because it was asked for is newer than the last reading of all: times say nothing without the flag.
        if (!unit.need_daemon_reload) loading.when_us = INT64_MAX;
        return sysd::unread(name, unit, loading, *start);
    });
}

Result<> Manager::enable_file(const std::string& unit) {
    return guarded("enabling " + unit, [&] {
        bool carries_install_info = false;
        Changes changes;
        bus_->proxy->callMethod("EnableUnitFiles").onInterface(kManager).withTimeout(kCallTime)
            .withArguments(std::vector<std::string>{unit}, false, true).storeResultsTo(carries_install_info, changes);
    });
}

Result<> Manager::disable_file(const std::string& unit) {
    return guarded("disabling " + unit, [&] {
        Changes changes;
        bus_->proxy->callMethod("DisableUnitFiles").onInterface(kManager).withTimeout(kCallTime)
            .withArguments(std::vector<std::string>{unit}, false).storeResultsTo(changes);
    });
}

Result<> Manager::mask(const std::string& unit) {
    return guarded("masking " + unit, [&] {
        Changes changes;
        bus_->proxy->callMethod("MaskUnitFiles").onInterface(kManager).withTimeout(kCallTime)
            .withArguments(std::vector<std::string>{unit}, false, true).storeResultsTo(changes);
    });
}

Result<> Manager::unmask(const std::string& unit) {
    return guarded("unmasking " + unit, [&] {
        Changes changes;
        bus_->proxy->callMethod("UnmaskUnitFiles").onInterface(kManager).withTimeout(kCallTime)
            .withArguments(std::vector<std::string>{unit}, false).storeResultsTo(changes);
    });
}

Result<> Manager::daemon_reload() {
    return guarded("systemd's daemon-reload", [&] { bus_->proxy->callMethod("Reload").onInterface(kManager).withTimeout(kReloadTime); });
}

Result<> Manager::reset_failed(const std::string& unit) {
    return guarded("resetting " + unit,
                   [&] { bus_->proxy->callMethod("ResetFailedUnit").onInterface(kManager).withTimeout(kCallTime).withArguments(unit); });
}

}  // namespace bext::sysd
