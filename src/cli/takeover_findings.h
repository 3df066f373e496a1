// Takeover findings: what the last look at the machine has shown, for the dashboard: checks, rehearsal, and an inventory in
// which the health of the backends is kept fresh.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "takeover/checks.h"
#include "takeover/rehearsal.h"

namespace bext::cli {

class Findings {
public:
    Findings();
    ~Findings();
    Findings(const Findings&) = delete;

    /// What this look has shown replaces what an earlier one has.
    void renew(takeover::Subject subject, takeover::Checks checks, takeover::Rehearsal rehearsal);

    /// When that was: milliseconds since 1970.
    std::int64_t looked() const;

    /// Accepts a difference of the last rehearsal, as acceptance_of() reads it; the check is then another one.
    Result<> accept(std::string_view body);

    /// As JSON.
    std::string checks() const;
    std::string rehearsal() const;
    /// Being asked for it has the backends looked at again, at most every five seconds.
    std::string inventory();
    /// The ends of the error logs, as they are now.
    std::string error_logs() const;

private:
    /// The inventory of no configuration.
    static constexpr const char* kNothing = R"({"file":"","nginx":"","directives":0,"listens":[],"servers":[],"upstreams":[],"backends":[],"certificates":[],"warnings":[]})";
    void run();

    mutable std::mutex mutex_;  // guards all that follows
    std::condition_variable wake_;
    std::shared_ptr<const takeover::Subject> subject_;
    takeover::Checks checks_;  // of which the rehearsal is the last
    takeover::Rehearsal rehearsal_;
    std::string inventory_ = kNothing;
    std::set<std::string> error_logs_;
    std::int64_t looked_ = 0;
    bool asked_ = false, over_ = false;
    std::thread thread_;
};

}  // namespace bext::cli
