// Where a lack of memory ends: at the connection that met it (docs/adr/0014-failing-workers.md).
#include "http1/connection.h"

namespace bext::http1 {

void ClientConnection::start() {
    try {
        spawn(run());
    } catch (const std::bad_alloc&) {  // before anything of it has run
        delete this;
        throw;
    }
}

Task<> ClientConnection::run() {
    bool failed = false;
    try {
        co_await run_through();
    } catch (const std::bad_alloc&) {
        failed = true;
    }
    if (failed) note_shortage();
    if (failed || (request_ && request_->out_of_memory)) answer_without_memory();
    delete this;
}

void ClientConnection::note_shortage() {
    try {
        if (request_) request_->log(Level::kEmerg, "malloc() failed", ENOMEM);
        if (!request_) note(Level::kEmerg, "malloc() failed", ENOMEM, "waiting for request");
    } catch (const std::bad_alloc&) {
        thread_.note_shortage();
    }
}

/// 500 from memory that is there already, to a client that has got nothing yet.
void ClientConnection::answer_without_memory() {
    constexpr std::string_view kAnswer = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    if (!request_ || request_->header_sent || !stream_ || stream_->sent != request_start_sent_) return;
    struct iovec piece {const_cast<char*>(kAnswer.data()), kAnswer.size()};
    static_cast<void>(stream_->write({&piece, 1}, false));
    stream_->shutdown_write();
}

}  // namespace bext::http1
