#include "supervisor/privileges.h"

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "supervisor/report.h"

namespace bext::supervisor {
namespace {

void warn(const std::string& what) { report(Level::kAlert, Error::from_errno(what).text); }

/// Only what `env` names stays, and TZ, without which log times would change.
void set_environment(const handoff::Plan& plan) {
    std::vector<std::string> kept;
    auto keep = [&kept](const std::string& name) {
        if (name.find('=') != std::string::npos) return kept.push_back(name);
        if (const char* value = getenv(name.c_str())) kept.push_back(name + "=" + value);
    };
    keep("TZ");
    for (const auto& name : plan.environment) keep(name);
    clearenv();
    for (const auto& entry : kept) {
        auto equals = entry.find('=');
        setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
    }
}

void set_limit(__rlimit_resource resource, std::int64_t value, const char* name) {
    if (value < 0) return;
    rlimit limit{static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
    if (setrlimit(resource, &limit) != 0) warn(std::string("setrlimit(") + name + ", " + std::to_string(value) + ")");
}

Result<> set_user(const handoff::Plan& plan) {
    if (geteuid() != 0 || plan.uid < 0) return {};
    auto gid = static_cast<gid_t>(plan.gid);
    if (plan.gid >= 0 && setgid(gid) != 0) return Error::from_errno("setgid(" + std::to_string(plan.gid) + ")");
    std::vector<gid_t> groups(plan.groups.begin(), plan.groups.end());
    if (setgroups(groups.size(), groups.data()) != 0)
        report(Level::kEmerg, Error::from_errno("initgroups(" + plan.user + ", " + std::to_string(plan.gid) + ")").text);
    if (setuid(static_cast<uid_t>(plan.uid)) != 0) return Error::from_errno("setuid(" + std::to_string(plan.uid) + ")");
    return {};
}

/// Where the temporary files go by default; nginx's package brings the directory, which a machine may be without.
constexpr std::string_view kUsualParent = "/var/lib/nginx/";

Result<> create_directory(const std::string& path, std::int64_t uid) {
    if (path.starts_with(kUsualParent)) mkdir(std::string(kUsualParent).c_str(), 0755);
    if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Error::from_errno("mkdir() \"" + path + "\"");
    if (uid < 0 || geteuid() != 0) return {};
    struct stat found{};
    if (stat(path.c_str(), &found) != 0) return Error::from_errno("stat() \"" + path + "\"");
    auto user = static_cast<uid_t>(uid);
    if (found.st_uid != user && chown(path.c_str(), user, static_cast<gid_t>(-1)) != 0)
        return Error::from_errno("chown(\"" + path + "\", " + std::to_string(uid) + ")");
    if ((found.st_mode & S_IRWXU) != S_IRWXU && chmod(path.c_str(), found.st_mode | S_IRWXU) != 0)
        return Error::from_errno("chmod() \"" + path + "\"");
    return {};
}

}  // namespace

Result<> create_directories(const handoff::Plan& plan) {
    for (const auto& path : plan.directories)
        if (auto created = create_directory(path, plan.uid); !created) return created;
    return {};
}

Result<> become_worker(const handoff::Plan& plan) {
    set_environment(plan);
    if (plan.priority != 0 && setpriority(PRIO_PROCESS, 0, plan.priority) != 0)
        warn("setpriority(" + std::to_string(plan.priority) + ")");
    set_limit(RLIMIT_NOFILE, plan.rlimit_nofile, "RLIMIT_NOFILE");
    set_limit(RLIMIT_CORE, plan.rlimit_core, "RLIMIT_CORE");
    if (auto done = set_user(plan); !done) return done;
    // The change of user has cleared it; without it the kernel writes no core file and hides /proc from the user.
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) warn("prctl(PR_SET_DUMPABLE)");
    const auto& directory = plan.working_directory;
    if (!directory.empty() && chdir(directory.c_str()) != 0) return Error::from_errno("chdir(\"" + directory + "\")");
    return {};
}

}  // namespace bext::supervisor
