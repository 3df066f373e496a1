// The request body: where its bytes come from, and what was read of it into memory or a temporary file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/task.h"
#include "http/chain.h"

namespace bext::http {

/// Delivers the body of one request from the wire, decoded.
class BodySource {
public:
    struct Read {
        std::size_t size = 0;  // bytes placed in the buffer; 0 with status 0: the end
        int status = 0;        // 400, 408, 413, or 499 when the client is gone
    };
    virtual ~BodySource() = default;
    /// Waits for at least one byte, the end, or an error.
    virtual Task<Read> read(std::span<char> into) = 0;
    /// Drops what has arrived of a body that nobody wants. 0, or 400 when it is malformed.
    virtual int discard_available() = 0;
    /// What can be had without waiting: bytes placed in the buffer, 0 at the end, -EAGAIN when read() has to wait, -EBADMSG when
    /// it would fail at once.
    virtual ssize_t read_now(std::span<char>) { return -EAGAIN; }
    /// How large nginx's buffer for a body of that length (-1: unknown) is where `configured` (client_body_buffer_size) was asked for:
    /// what does not fit goes to a file.
    virtual std::size_t buffer_size(std::int64_t length, std::size_t configured) const = 0;
    /// Whether the whole body was delivered, as far as can be said without waiting.
    virtual bool finished() const = 0;
    /// "100 Continue" for a client that waits for it, once.
    virtual void send_continue() = 0;
};

/// A body that was read whole.
struct RequestBody {
    explicit RequestBody(Arena& arena) : chain(arena) {}

    BodySource* source = nullptr;  // null once there is nothing (more) to read
    Chain chain;                   // memory, then a range of the file
    Fd file;                       // temporary, already unlinked unless client_body_in_file_only keeps it
    std::string_view file_name;    // of a kept file ($request_body_file)
    std::uint64_t size = 0;
    bool read = false;             // the whole body is in `chain`
    bool unbuffered = false;       // somebody streams it from `source`
};

class Request;

/// Nobody will see what is left of the body: the connection takes it off the wire, and for whoever asks from now on it is empty.
void abandon_body(Request& request);
/// Reads the whole body into memory (client_body_buffer_size) or a temporary file. 0, or the status to answer with.
Task<int> read_body(Request& request);
/// Opens a temporary file in `directory` (made by the supervisor) that has no name; `name` is what messages call it, as nginx would.
Result<Fd> open_temp_file(const std::string& directory, std::string& name);
/// Writes all of `bytes` at `offset`. The error has nginx's text.
Result<> write_temp_file(int fd, std::string_view bytes, std::uint64_t offset, const std::string& name);

}  // namespace bext::http
