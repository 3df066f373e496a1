// Background: `daemon on`. The process that was started waits, and exits only when the server serves or has failed.
#pragma once

#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace bext::supervisor {

class Background {
public:
    /// Not in the background: the outcome is nobody's.
    Background() = default;

    /// Forks and returns in the child, in a session of its own. The parent never returns: it exits with the outcome.
    static Result<Background> enter();

    /// Lets the parent exit with status 0.
    void succeeded();

private:
    explicit Background(Fd parent) : parent_(std::move(parent)) {}

    Fd parent_;  // closed without a word: the parent exits with status 1
};

}  // namespace bext::supervisor
