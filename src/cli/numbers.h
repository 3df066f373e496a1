// Numbers: what the running server counts, asked for second by second on its control socket, for a page.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "dashboard/samples.h"

namespace bext::cli {

class Numbers {
public:
    /// `pid_file`: of the server; "": the one that is found.
    explicit Numbers(std::string pid_file) : pid_file_(std::move(pid_file)) {}

    /// Asks the server, which may take a moment, and tells what it has counted since it was asked last; nothing when there is none or it
    /// was not asked before. Called by one thread, once a second.
    std::optional<dashboard::Sample> ask();
    /// There is no server to be asked now.
    void forget(const std::string& reason);

    /// What bext status --json has told last; "" when there is no server.
    std::string server() const;
    /// Members of a status: "server":{…} as bext status --json has it, or null, "text":… for people, "reason":… why there is none. Quick.
    std::string status() const;
    /// {"series":[…],"before":[…],"seconds":N,"bounds":[…]}: the figures by name, those of N seconds ago (an hour at most), and the
    /// upper bounds of the classes of duration in milliseconds. Quick: being asked has them asked for again.
    std::string series();

private:
    struct Totals {
        std::uint64_t requests = 0, errors = 0, answers = 0, milliseconds = 0;
    };
    struct Snapshot {
        std::int64_t time;
        std::string rows;  // JSON
    };
    std::optional<std::string> ask_status();
    void ask_series(pid_t pid);

    std::string pid_file_;
    std::optional<pid_t> pid_;     // of the asking thread, as the next four
    std::optional<Totals> before_;
    std::string began_;            // the service, as it says
    bool missed_ = false;          // it could not be asked meanwhile
    unsigned ticks_ = 0;
    mutable std::mutex mutex_;     // guards all that follows
    std::string status_, reason_ = "not asked yet";
    Snapshot now_{0, ""};
    std::deque<Snapshot> hour_;    // one a minute
    bool wanted_ = true;
};

}  // namespace bext::cli
