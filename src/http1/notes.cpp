// What the error log says of a client that ends without a whole request (ngx_http_request.c).
#include "http1/connection.h"

namespace bext::http1 {

/// Why an idle connection ended; a kept one that had nothing more to say ends silently at its time.
void ClientConnection::note_end(bool first) {
    constexpr std::string_view kAction = "waiting for request";
    if (read_error_ == ECANCELED) return;
    if (!first) {
        if (read_error_ == 0) note(Level::kInfo, cat({"client ", client.text(), " closed keepalive connection"}), 0, {});
    } else if (read_error_ == 0) {
        note(Level::kInfo, "client closed connection", 0, kAction);
    } else {
        note(Level::kInfo, read_error_ == ETIMEDOUT ? "client timed out" : "recv()", read_error_, kAction);
    }
}

std::string_view ClientConnection::head_action() const {
    if (line_done_) return "reading client request headers";
    return request_->pipelined ? "reading client pipelined request line" : "reading client request line";
}

/// A head that ends in its middle: the error log has why, the access log the status.
void ClientConnection::note_unfinished_head() {
    auto& r = *request_;
    bool late = read_error_ == ETIMEDOUT;
    r.log_action = head_action();
    if (!line_done_) r.line = std::string_view(in_.data + line_begin_, in_.end - line_begin_).substr(line_parser_.start());
    r.line = r.line.substr(0, r.line.find_first_of("\r\n"));
    if (late) r.log(Level::kInfo, "client timed out", ETIMEDOUT);
    else if (read_error_ == 0) r.log(Level::kInfo, "client prematurely closed connection");
    else if (read_error_ != ECANCELED) r.log(Level::kInfo, "recv()", read_error_);
    log_unanswered(late ? http::status::kTimeout : http::status::kBadRequest);
}

/// The access log's line of a request that gets no answer.
void ClientConnection::log_unanswered(int status) {
    auto& r = *request_;
    r.out.status = r.error_status = status;
    r.aborted = true;
    for (auto* logger : r.site->loggers) logger(r);
}

}  // namespace bext::http1
