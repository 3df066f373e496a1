// Runner: runs one command at a time. It writes to the log itself: it outlives this process when it has to.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <string>

#include "base/result.h"

namespace bext::deploy {

class Runner {
public:
    enum class Started { kNow, kLater, kFailed };

    /// `command` is a line for sh; it writes to the descriptor `output`.
    Runner(boost::asio::io_context& io, std::string command, int output);

    /// Runs the command. While it runs, however often it is asked for, it is run once more afterwards: that run sees
    /// what every one of them was about.
    Started run();

    bool running() const { return pid_ > 0; }

private:
    Result<> start();
    void wait_for_end();
    void ended(int status);

    boost::asio::signal_set children_;
    std::string command_;
    int output_;
    pid_t pid_ = -1;
    bool again_ = false;
};

}  // namespace bext::deploy
