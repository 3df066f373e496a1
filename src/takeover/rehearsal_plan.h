// What is rehearsed: which requests, and which servers may have logged each.
#pragma once

#include <set>
#include <vector>

#include "takeover/checks.h"
#include "takeover/probe.h"
#include "takeover/rehearsal_log.h"

namespace bext::takeover {

/// What the name of a log begins with that is no absolute path.
inline constexpr const char* kLogPrefix = "/usr/share/nginx/";
/// Where nginx writes its access log when the configuration does not say.
inline constexpr const char* kStandardLog = "/var/log/nginx/access.log";

struct Planned {
    Logged request;
    bool logged = false;
    std::vector<Target> targets;  // at least one, in the order of the configuration
};

/// "/" of every name, then the last `most` requests of the log files, taken from all files in turn. A line of the log does not say
/// which server wrote it, so each request has the first names of all servers that write into its file.
std::vector<Planned> plan_of(const Subject& subject, std::size_t most);

/// The file that an access_log with an argument names; "" for off, syslog, and a name with variables.
std::string log_file_of(const Found& access_log);

/// The log files of a server, as the configuration names them; those with variables in their names are left out.
std::set<std::string> log_files_of(const Survey& survey, int server, const std::string& standard);

/// With which statuses limit_req and limit_conn refuse; none when the configuration has neither.
std::set<int> limit_statuses(const Survey& survey);

}  // namespace bext::takeover
