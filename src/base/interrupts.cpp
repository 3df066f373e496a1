#include "base/interrupts.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace bext {
namespace {

std::atomic<bool> was_asked{false};

const char* name_of(int number) {
    return number == SIGINT ? "SIGINT" : number == SIGTERM ? "SIGTERM" : number == SIGHUP ? "SIGHUP" : "SIGQUIT";
}

bool is_ignored(int number) {
    struct sigaction now {};
    return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

SignalsHeld::SignalsHeld() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
}

SignalsHeld::~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupts::asked() { return was_asked; }

void Interrupts::ask() { was_asked = true; }

Interrupts::Interrupts(Hear hear) : hear_(std::move(hear)) {
    sigemptyset(&wanted_);
    for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT})
        if (!is_ignored(number)) sigaddset(&wanted_, number);
    auto held = wanted_;
    sigaddset(&held, SIGPIPE);  // the terminal that is written to may have gone
    pthread_sigmask(SIG_BLOCK, &held, &before_);
    signals_ = Fd(signalfd(-1, &wanted_, SFD_CLOEXEC | SFD_NONBLOCK));
    stop_ = Fd(eventfd(0, EFD_CLOEXEC));
    SignalsHeld for_the_thread;
    if (signals_ && stop_) thread_ = std::thread([this] { listen(); });
}

Interrupts::~Interrupts() {
    constexpr std::uint64_t kStop = 1;
    if (thread_.joinable()) {
        static_cast<void>(!write(stop_.get(), &kStop, sizeof kStop));
        thread_.join();
    }
    // What wrote to a terminal that is gone must not end the process now.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    timespec at_once{};
    while (sigtimedwait(&pipe, nullptr, &at_once) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupts::listen() {
    int count = 0;
    pollfd ready[] = {{signals_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    while (poll(ready, 2, -1) >= 0 || errno == EINTR) {
        signalfd_siginfo one{};
        while (read(signals_.get(), &one, sizeof one) == sizeof one) {
            was_asked = true;
            hear_(name_of(static_cast<int>(one.ssi_signo)), ++count);
        }
        if (ready[1].revents) return;
    }
}

}  // namespace bext
