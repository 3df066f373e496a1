// Control: the socket on which the commands of the same machine ask the supervisor, so that they can wait for the
// outcome, which a signal cannot give (docs/adr/0006-control-socket.md). unix(7)
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace bext::supervisor {

/// Somebody who has asked for something and waits.
class Asker {
public:
    explicit Asker(Fd fd) : fd_(std::move(fd)) {}
    int fd() const { return fd_.get(); }

    void succeed(std::string_view text = {}) { answer('+', text); }
    void fail(std::string_view reason) { answer('-', reason); }

private:
    void answer(char verdict, std::string_view text);

    Fd fd_;
};
using Askers = std::vector<Asker>;

class Control {
public:
    Control() = default;

    /// Listens under the name of this process. An error when another has taken that name.
    static Result<Control> listen();

    int fd() const { return fd_.get(); }
    explicit operator bool() const { return static_cast<bool>(fd_); }
    void close() { fd_.reset(); }

    /// Takes one caller; only root and the own user are heard.
    std::optional<Asker> accept();
    /// What it asks; nothing while that has not come, an empty text when it is gone.
    static std::optional<std::string> read(const Asker& asker);

private:
    Fd fd_;
};

/// Asks the supervisor `pid` and waits for the outcome: its text, or an Error with the reason. Nothing when no such
/// supervisor listens (another server, or one in another network namespace): then only a signal remains.
std::optional<Result<std::string>> ask(pid_t pid, std::string_view request, int timeout_ms);

}  // namespace bext::supervisor
