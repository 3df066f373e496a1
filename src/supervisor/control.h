// Control: the socket on which the commands of the same machine ask the supervisor, so that they can wait for the
// outcome, which a signal cannot give (docs/adr/0006-control-socket.md). unix(7)
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace bext::supervisor {

constexpr std::size_t kLongestAnswer = 128 * 1024;

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

    /// Listens in this user's directory for that, under the name of this process, and removes what dead ones have left there.
    /// An error where there is no such directory and none can be made.
    static Result<Control> listen();

    int fd() const { return fd_.get(); }
    explicit operator bool() const { return static_cast<bool>(fd_); }
    /// The socket's file goes, too.
    void close();

    /// Takes one caller; root and the own user are heard when they are in this process's namespaces, anybody else is told
    /// why not.
    std::optional<Asker> accept();
    /// What it asks; nothing while that has not come, an empty text when it is gone.
    static std::optional<std::string> read(const Asker& asker);

private:
    static Result<Control> listen_in(const std::string& directory);

    Fd fd_;
    std::string path_;
};

/// Asks the supervisor `pid` and waits `timeout_ms` for the outcome: its text, or an Error with the reason. Nothing when no
/// such supervisor of root's or of this user's listens (another server, or one that has no directory for its socket): then
/// only a signal remains.
std::optional<Result<std::string>> ask(pid_t pid, std::string_view request, int timeout_ms);

}  // namespace bext::supervisor
