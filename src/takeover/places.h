// Places: the files and units that a takeover consists of.
#pragma once

#include <string>

namespace bext::takeover {

inline const std::string kNginx = "nginx.service";
inline const std::string kBext = "bext.service";
inline const std::string kRecover = "bext-recover.service";

/// What survives a reboot: the commit bit, which alone decides who starts at boot, and the journal.
inline const std::string kActiveBit = "/var/lib/bext/active";
inline const std::string kJournalDirectory = "/var/lib/bext/takeover";

/// The version of the nginx that was taken over, "nginx/1.22.1": bext.service keeps its defaults.
inline const std::string kNginxVersion = kJournalDirectory + "/nginx-version";

/// Differences of the rehearsal that are accepted.
inline const std::string kAccepted = kJournalDirectory + "/accepted";

/// What a reboot forgets.
inline const std::string kLock = "/run/bext/takeover.lock";
inline const std::string kToken = "/run/bext/handover";          // lets bext.service start before the commit
inline const std::string kGiveSocket = "/run/bext/takeover.sock";  // sockets for bext come here
inline const std::string kBackSocket = "/run/bext/rollback.sock";  // and sockets for nginx here

/// The conditions that look at the commit bit.
inline const std::string kNginxGate = "/etc/systemd/system/nginx.service.d/50-bext-takeover.conf";
inline const std::string kBextGate = "/etc/systemd/system/bext.service.d/50-bext-takeover.conf";
/// What bext.service may write besides what its unit says. It stays until the package is purged.
inline const std::string kBextWrites = "/etc/systemd/system/bext.service.d/40-bext-writes.conf";
/// What settles the rest at boot, while it is there.
inline const std::string kRecoverLink = "/etc/systemd/system/multi-user.target.wants/" + kRecover;
/// How nginx is started once on sockets that live. The last by its name, since an administrator's own drop-in must not give
/// nginx its usual start back.
inline const std::string kNginxStart = "/run/systemd/system/nginx.service.d/zzz-bext-rollback.conf";

/// The word of bext's command line that such a start begins with.
inline const std::string kServeOn = "serve-on";

inline const std::string kDeadMan = "bext-takeover-deadman";

}  // namespace bext::takeover
