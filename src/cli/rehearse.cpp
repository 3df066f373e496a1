#include "cli/rehearse.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/syslog.h"
#include "handoff/bundle.h"
#include "handoff/channel.h"
#include "http/identity.h"
#include "supervisor/privileges.h"
#include "worker/worker.h"

namespace bext::cli {
namespace {

constexpr int kChannelFd = 3, kBundleFd = 4;

/// A view of the files in which nothing can be written: no log with variables in its name, no proxy_store. The directories for
/// temporary files, which a long answer of an application needs, are others. mount_namespaces(7), mount_setattr(2)
Result<> take_away_writing(const handoff::Plan& plan) {
    if (unshare(CLONE_NEWNS) != 0) return Error::from_errno("making a view of the files of its own");
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return Error::from_errno("mount()");
    mount_attr read_only{};
    read_only.attr_set = MOUNT_ATTR_RDONLY;
    if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) != 0) return Error::from_errno("making the files read-only");
    auto options = "size=64m,mode=700,uid=" + std::to_string(plan.uid < 0 ? geteuid() : plan.uid);
    struct stat facts {};
    for (auto& path : plan.directories)
        if (stat(path.c_str(), &facts) == 0 && mount("rehearsal", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
            return Error::from_errno("mount() over " + path);
    return {};
}

void call_itself(const std::string& identity) {
    auto slash = identity.find('/');
    if (slash != std::string::npos) http::identity() = {identity.substr(0, slash), identity.substr(slash + 1)};
}

Result<> prepare(const handoff::Plan& plan) {
    if (auto done = take_away_writing(plan); !done) return done;
    auto parent = getppid();
    if (auto done = supervisor::become_worker(plan); !done) return done;
    // The change of user has cleared it.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) return Error{"the rehearsal is over"};
    return {};
}

}  // namespace

int rehearse(const loader::Source& source, const std::string& identity) {
    for (int number : {SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGPIPE}) signal(number, SIG_IGN);
    fcntl(kChannelFd, F_SETFD, FD_CLOEXEC);
    auto bundle = handoff::Bundle::open(Fd(kBundleFd));
    handoff::Channel channel{Fd(kChannelFd)};
    if (!bundle) return 2;
    silence_syslog();
    call_itself(identity);
    if (auto ready = prepare(bundle->plan()); !ready) {
        (void)channel.send(handoff::Kind::kRefused, 1, ready.error().text);
        return 2;
    }
    return worker::run(source, std::move(channel).release());
}

}  // namespace bext::cli
