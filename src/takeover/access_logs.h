// Access logs: what clients get, whoever serves them, by the lines that are added to the access logs.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "takeover/checks.h"

namespace bext::takeover {

/// The access logs of a configuration, but for those with variables in their names. Several of one server or location tell of the same
/// requests: of these one is enough, if possible one of all requests, and with their statuses behind them.
std::set<std::string> access_logs_of(const Survey& survey);

class AccessLogs {
public:
    struct Count {
        std::size_t requests = 0, errors = 0;  // errors: with a status of 500 or more
    };

    /// From their ends on. Of very many the first 64 are read.
    explicit AccessLogs(const std::set<std::string>& paths);

    /// What was added since it was asked last, but for what a takeover itself has asked.
    Count added();

private:
    struct Log {
        std::string path;
        std::uint64_t offset = 0;
    };
    std::vector<Log> logs_;
};

}  // namespace bext::takeover
