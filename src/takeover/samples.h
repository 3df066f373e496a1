// Samples: second by second what clients get, whoever serves: requests and errors by the access log, and one answer's time.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "takeover/probe.h"

namespace bext::takeover {

class Samples {
public:
    /// Looks at the log from its end on, and asks `target` once a second, until it is destroyed.
    Samples(std::string access_log, std::optional<Target> target);
    ~Samples();
    Samples(const Samples&) = delete;

    /// [{"time":…,"requests":…,"errors":…,"milliseconds":…,"committed":…},…], the last two minutes.
    std::string json() const;

private:
    struct One {
        std::int64_t time = 0;
        std::size_t requests = 0, errors = 0;
        int milliseconds = 0;
        bool committed = false;
    };
    void run();
    One take();

    std::string access_log_;
    std::optional<Target> target_;
    std::uint64_t offset_ = 0;
    mutable std::mutex mutex_;  // guards what follows
    std::deque<One> last_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace bext::takeover
