// Channel: messages with descriptors between the supervisor and a process it started. unix(7) SOCK_SEQPACKET, SCM_RIGHTS
//
// supervisor -> worker   kLoad: bundle, sockets, logs. Answer: kServing, or kRefused with the reason; after kRefused the
//                        worker goes on as before, after kUnable, too: it has no descriptors or memory for it, another process may. kReopen: the logs of a generation, opened anew. kQuit: finish what is
//                        in flight, then exit 0. kTerminate: exit now.
//                        kHeir: connections that another process passes come on this socket. kReport: the worker says
//                        what it does (kReport). kSave: it gives its warm state (kSaved).
// loader -> supervisor   kLoaded: a bundle.
// worker -> heir         kConnection: an idle connection.
// old -> new supervisor  kWarm: the page of figures, the warm state. kYours: the service is the new one's; with a
//                        socket for its worker, on which idle connections come. Answer: kServing or kRefused.
// A closed channel tells a worker that the supervisor is gone: it finishes what is in flight and exits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace bext::handoff {

enum class Kind : std::uint8_t { kLoad = 1, kReopen, kQuit, kTerminate, kServing, kRefused, kLoaded,
                                  kHeir, kConnection, kReport, kSave, kSaved, kWarm, kYours, kUnable };
enum class Role : std::uint8_t { kBundle = 1, kListen, kLog, kHeir, kClient, kFigures, kWarm };

/// Says which descriptor this is: of the plan's listens or log_files the one at `index`; `copy` counts the sockets of
/// one listen (reuseport).
struct Tag {
    Role role = Role::kBundle;
    std::uint32_t index = 0;
    std::uint32_t copy = 0;

    bool operator==(const Tag&) const = default;
};

/// A descriptor that is lent for sending.
struct Loan {
    Tag tag;
    int fd = -1;
};

/// A descriptor that was received.
struct Handle {
    Tag tag;
    Fd fd;
};

struct Message {
    Kind kind = Kind::kQuit;
    std::uint64_t generation = 0;
    std::string text;
    std::vector<Handle> handles;
    bool cut = false;  // some descriptors were lost: this process has too many

    /// The first descriptor of that role; none when it has none.
    Fd take(Role role);
};

class Channel {
public:
    /// Descriptors in one packet at most (the kernel allows 253).
    static constexpr std::size_t kBatch = 200;
    /// Longest text; a longer one is cut.
    static constexpr std::size_t kLongestText = 8192;

    Channel() = default;
    explicit Channel(Fd fd) : fd_(std::move(fd)) {}

    /// Two connected ends, non-blocking and close-on-exec.
    static Result<std::pair<Channel, Channel>> pair();

    int fd() const { return fd_.get(); }
    explicit operator bool() const { return static_cast<bool>(fd_); }
    void close();
    Fd release() && { return std::move(fd_); }

    /// Sends one message, in several packets if it has many descriptors. Waits at most `timeout_ms` for room.
    Result<> send(Kind kind, std::uint64_t generation = 0, std::string_view text = {},
                  const std::vector<Loan>& loans = {}, int timeout_ms = 5000);

    enum class Got { kMessage, kNothing, kClosed };

    /// Takes the next whole message without waiting. kClosed: the other end is gone or sent something unknown.
    Got receive(Message& message);

private:
    Result<> send_packet(std::string_view bytes, const Loan* loans, std::size_t count, int timeout_ms);
    bool parse(std::string_view bytes, std::vector<Fd> fds, bool& more);

    Fd fd_;
    Message partial_;
};

}  // namespace bext::handoff
