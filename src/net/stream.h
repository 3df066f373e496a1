// Stream: a byte connection, plain or TLS. Reads and writes never block: they return a count, 0 at the end of input, or
// -errno (-EAGAIN: wait first). One coroutine may wait for reading and one for writing at a time.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/timer.h"

namespace bext::net {

enum class Wait : std::uint8_t { kReady, kTimeout, kCancelled };

/// The parking place of one coroutine, with its deadline.
class Gate {
public:
    Gate() : timer_(this) {}

    bool waiting() const { return static_cast<bool>(caller_); }
    /// Resumes the coroutine that waits here, if any.
    void open(Wait why);

    void park(std::coroutine_handle<> caller, std::uint64_t timeout_ms) {
        caller_ = caller;
        if (timeout_ms) timer_.arm(timeout_ms);
    }
    Wait why() const { return why_; }

private:
    struct Deadline : Timer {
        explicit Deadline(Gate* g) : Timer([](Timer& t) { static_cast<Deadline&>(t).gate->open(Wait::kTimeout); }), gate(g) {}
        Gate* gate;
    };
    std::coroutine_handle<> caller_;
    Wait why_ = Wait::kReady;
    Deadline timer_;
};

class Stream {
public:
    virtual ~Stream() = default;

    virtual ssize_t read(std::span<char> into) = 0;
    /// `more`: further bytes follow at once (they may share a packet).
    virtual ssize_t write(std::span<const struct iovec> pieces, bool more = false) = 0;
    /// Whether send_file() works.
    virtual bool sends_files() const { return false; }
    /// Sends up to `length` bytes of `fd` from `offset`.
    virtual ssize_t send_file(int fd, off_t offset, std::size_t length) = 0;

    /// `co_await stream.readable(ms)`: until a read may succeed, the peer closed, or `ms` passed (0: no limit).
    class Waiting {
    public:
        Waiting(Gate& gate, bool ready, std::uint64_t timeout) : gate_(gate), timeout_(timeout), ready_(ready) {}
        bool await_ready() const { return ready_; }
        void await_suspend(std::coroutine_handle<> caller) { gate_.park(caller, timeout_); }
        Wait await_resume() const { return ready_ ? Wait::kReady : gate_.why(); }

    private:
        Gate& gate_;
        std::uint64_t timeout_;
        bool ready_;
    };
    virtual Waiting readable(std::uint64_t timeout_ms) = 0;
    virtual Waiting writable(std::uint64_t timeout_ms) = 0;

    /// The most bytes written in one turn of the loop; what is more is refused with -EAGAIN until the next. 0: no bound.
    virtual void limit_turn(std::uint32_t bytes) = 0;
    /// Wakes both waits with kCancelled.
    virtual void cancel() = 0;
    /// The underlying socket.
    virtual int fd() const = 0;
    /// No more is written; what the peer still sends can be read. TLS sends its close_notify.
    virtual void shutdown_write() = 0;
    virtual bool tls() const { return false; }
    /// Bytes sent and received so far on the wire of this stream, as its user sees them.
    std::uint64_t sent = 0;
    /// Called once when the peer closes while nobody reads (an abort of the client during a long wait).
    void (*on_hangup)(void* context) = nullptr;
    /// Called instead when anything comes, bytes or the end, while nobody reads.
    void (*on_input)(void* context) = nullptr;
    void* hangup_context = nullptr;
    /// True once the peer has shut down its side or the connection failed (bytes may still be unread).
    virtual bool hung_up() const { return false; }
};

}  // namespace bext::net
