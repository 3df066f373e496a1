#include "masquerade/checks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/program.h"
#include "masquerade/diversion.h"
#include "masquerade/files.h"
#include "masquerade/process.h"
#include "masquerade/unit.h"

namespace bext::masquerade {
namespace {

constexpr const char* kDpkgLock = "/var/lib/dpkg/lock-frontend";
constexpr const char* kOwnLock = "/run/bext-masquerade.lock";

Result<> check_programs(const Settings& settings) {
    if (!settings.bext_bin.ends_with("/bext-server")) return Error{"--bext-bin must name a bext-server, not \"" + settings.bext_bin + "\""};
    if (auto runs = run_good({settings.bext_bin, "--version"}, kProgramTime); !runs) return Error{runs.error().text + "; see --bext-bin"};
    if (!is_shim_file(settings.shim_source)) return Error{"there is no shim \"" + settings.shim_source + "\": reinstall bext"};
    return {};
}

Result<> check_nginx(const Settings& settings) {
    if (exists(settings.real_bin()) && exists(settings.shim_bin)) return {};
    if (exists(settings.shim_bin) && !is_shim_file(settings.shim_bin)) return {};
    return Error{"there is no nginx at \"" + settings.shim_bin + "\" to stand in for"};
}

Result<> check_unit(const Service& service, const Settings& settings) {
    auto& unit = service.unit;
    if (!unit.exists()) return Error{"there is no " + settings.unit};
    if (unit.load_state == "masked") return Error{settings.unit + " is masked: systemctl unmask " + settings.unit};
    return {};
}

/// An nginx that somebody started by hand has its sockets from nobody who could pass them on, and would go on beside the unit.
Result<> check_outside(const Service& service, const Settings& settings) {
    auto pid = pid_in(service.pid_file);
    if (!settings.now || service.unit.active() || server_of(pid) != Server::kOther || name_of(pid) != "nginx") return {};
    return Error{"nginx runs as process " + std::to_string(pid) + ", outside of " + settings.unit + ": nginx -s quit; systemctl start " + settings.unit};
}

/// What bext.service serves without a takeover it would go on to serve, beside an nginx.service that is bext and does not run.
Result<> check_beside(sysd::Manager& manager, const Service& service, const Settings& settings) {
    if (!settings.now || service.unit.active()) return {};
    auto bext = manager.unit(kOwnUnit);
    if (!bext || !bext->active()) return {};
    return Error{std::string(kOwnUnit) + " serves, without a takeover, and " + settings.unit + " does not run: systemctl disable --now bext; systemctl start " +
                 settings.unit + "; then again"};
}

Result<> check_configuration(const Service& service, const Settings& settings) {
    std::vector<std::string> words{settings.bext_bin, "--as-nginx", "-t", "-q"};
    if (!service.nginx_config.empty()) words.insert(words.end(), {"-c", service.nginx_config});
    if (auto good = run_good(words, kProgramTime); !good) return Error{"bext does not accept the configuration: " + good.error().text};
    return {};
}

Result<> check_diversion(const Settings& settings) {
    auto owner = diverted_by(settings);
    if (!owner) return owner.error();
    if (owner->empty() || *owner == kPackage) return {};
    return Error{settings.shim_bin + " is diverted already, by " + *owner + ": see dpkg-divert --list"};
}

}  // namespace

std::vector<std::string> hindrances(sysd::Manager& manager, const Settings& settings) {
    std::vector<std::string> all;
    auto hear = [&all](const Result<>& result) {
        if (!result) all.push_back(result.error().text);
        return static_cast<bool>(result);
    };
    bool programs = hear(check_programs(settings));
    hear(check_nginx(settings));
    hear(check_diversion(settings));
    auto service = find_service(manager, settings);
    if (!service) {
        all.push_back(service.error().text);
        return all;
    }
    if (!hear(check_unit(*service, settings))) return all;
    hear(check_outside(*service, settings));
    hear(check_beside(manager, *service, settings));
    if (programs) hear(check_configuration(*service, settings));
    auto text = wanted_drop_in(*service, settings);
    if (!text) {
        all.push_back(text.error().text);
    } else if (programs) {
        hear(verify_drop_in(*service, settings, *text));
    }
    return all;
}

Result<Fd> hold_dpkg() {
    // The scripts of a package run while dpkg holds its lock.
    if (!exists(kDpkgLock) || getenv("DPKG_MAINTSCRIPT_PACKAGE")) return Fd();
    Fd fd(open(kDpkgLock, O_RDWR | O_CLOEXEC));
    if (!fd) return Error::from_errno(std::string("open() \"") + kDpkgLock + "\"");
    struct flock lock {};
    lock.l_type = F_WRLCK;
    if (fcntl(fd.get(), F_SETLK, &lock) == 0) return fd;
    (void)fcntl(fd.get(), F_GETLK, &lock);
    return Error{"dpkg is at work (process " + std::to_string(lock.l_pid) + "): wait until it is done"};
}

Result<Fd> hold_masquerade() {
    Fd fd(open(kOwnLock, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return Error::from_errno(std::string("open() \"") + kOwnLock + "\"");
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return Error{"another `bext nginx masquerade` is running"};
    return fd;
}

}  // namespace bext::masquerade
