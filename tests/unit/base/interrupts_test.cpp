// A signal that asks a command to end is heard, and ends nothing.
#include "base/interrupts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <vector>

namespace bext {
namespace {

/// What was heard, to be waited for.
class Ear {
public:
    Interrupts::Hear hear() {
        return [this](const std::string& name, int count) {
            std::lock_guard lock(mutex_);
            heard_.push_back(name + " " + std::to_string(count));
            more_.notify_all();
        };
    }
    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        more_.wait_for(lock, std::chrono::seconds(10), [&] { return heard_.size() >= count; });
        return heard_;
    }

private:
    std::mutex mutex_;
    std::condition_variable more_;
    std::vector<std::string> heard_;
};

bool blocked(int number) {
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, nullptr, &now);
    return sigismember(&now, number) == 1;
}

// In a process of its own: whether one was ever asked is of the whole process.
TEST(InterruptsDeathTest, EachIsHeardAndEndsNothing) {
    EXPECT_EXIT(
        {
            Ear ear;
            bool good = true;
            {
                std::thread library;
                {
                    SignalsHeld held;
                    library = std::thread([] { pause(); });
                }
                library.detach();
                Interrupts interrupts(ear.hear());
                kill(getpid(), SIGHUP);
                good = good && ear.wait_for(1) == std::vector<std::string>{"SIGHUP 1"} && Interrupts::asked();
                kill(getpid(), SIGINT);
                good = good && ear.wait_for(2).back() == "SIGINT 2";
            }
            good = good && !blocked(SIGINT) && !blocked(SIGHUP);
            _exit(good ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

TEST(InterruptsDeathTest, WhatWasIgnoredStaysIgnored) {
    EXPECT_EXIT(
        {
            signal(SIGHUP, SIG_IGN);
            Ear ear;
            Interrupts interrupts(ear.hear());
            kill(getpid(), SIGHUP);
            kill(getpid(), SIGTERM);
            _exit(ear.wait_for(1) == std::vector<std::string>{"SIGTERM 1"} ? 0 : 1);
        },
        testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace bext
