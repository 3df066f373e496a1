// Interrupts: signals that ask a command to end while it changes something. They end nothing: the command hears of them, and goes back
// or on in good order. signal(7), signalfd(2)
#pragma once

#include <signal.h>

#include <functional>
#include <string>
#include <thread>

#include "base/fd.h"

namespace bext {

/// While it is there, no signal reaches this thread, nor the threads that are started meanwhile, ever: a library's thread that took one
/// would end the process whatever the others have blocked.
class SignalsHeld {
public:
    SignalsHeld();
    SignalsHeld(const SignalsHeld&) = delete;
    ~SignalsHeld();

private:
    sigset_t before_;
};

/// While it is there, INT, TERM, HUP and QUIT are heard and end nothing. One that was ignored before (nohup) stays ignored. To be made
/// in a thread that has them all: threads that were there before must not take signals (SignalsHeld).
class Interrupts {
public:
    /// `hear` is told each signal by its name, and how many came so far, in a thread of this.
    using Hear = std::function<void(const std::string& name, int count)>;
    explicit Interrupts(Hear hear);
    Interrupts(const Interrupts&) = delete;
    ~Interrupts();

    /// Whether one came, ever.
    static bool asked();
    /// As if one had come.
    static void ask();

private:
    void listen();

    Hear hear_;
    sigset_t before_, wanted_;
    Fd signals_, stop_;
    std::thread thread_;
};

}  // namespace bext
