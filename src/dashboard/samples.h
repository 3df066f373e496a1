// Samples: second by second what clients get, for an hour.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace bext::dashboard {

/// A second.
struct Sample {
    std::int64_t time = 0;                  // seconds since 1970
    std::uint64_t requests = 0, errors = 0;  // errors: with a status of 500 or more
    std::uint64_t milliseconds = 0;         // of an answer
    bool committed = false;                 // bext serves for good
};

class Samples {
public:
    static constexpr std::size_t kKept = 3600;

    /// Calls `take`, which may block, once a second in a thread of its own until it is destroyed. The time is set here.
    explicit Samples(std::function<Sample()> take);
    ~Samples();
    Samples(const Samples&) = delete;

    /// [[time,requests,errors,milliseconds,committed],…], the last `most`, the newest last; committed is 0 or 1.
    std::string json(std::size_t most = kKept) const;

private:
    void run();

    std::function<Sample()> take_;
    mutable std::mutex mutex_;  // guards what follows
    std::deque<Sample> last_;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace bext::dashboard
