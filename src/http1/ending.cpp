// A connection whose thread has something to say: make room, follow a reload, go over to another process, end.
#include <sys/socket.h>

#include "http1/connection.h"

namespace bext::http1 {

void ClientConnection::adopt(http::Thread& thread, const http::Listen& listen, Fd fd, const http::PassedConnection& passed) {
    thread.loop.make_room();
    auto* connection = new ClientConnection(thread, listen, std::move(fd), passed.client);
    connection->adopted_ = true;
    connection->requests = passed.requests;
    connection->start_ms = passed.start_ms;
    auto& root = listen.hosts.default_server->root;
    connection->keepalive_ms_ = static_cast<const http::Client*>(root.records[conf::slot_of<http::Client>])->keepalive_timeout->count();
    if (!passed.proxy_header.empty()) connection->take_proxy_header(passed.proxy_header);
    thread.figures.add(Tally::kAdopted);
    connection->start();
}

/// Gives the socket to the next process, if there is one and all that belongs to the connection is the socket.
bool ClientConnection::pass() {
    if (!thread_.pass || listen->options.ssl || in_.begin < in_.end) return false;
    http::PassedConnection all;
    all.listen = listen->address;
    all.client = client.address();
    all.proxy_header = proxy_bytes();
    all.requests = requests;
    all.start_ms = start_ms;
    if (!thread_.pass(socket_->fd(), all)) return false;
    thread_.loop.forget(socket_->fd());  // closing it here does not, since the socket lives on
    thread_.figures.add(Tally::kPassed);
    return true;
}

void ClientConnection::close(Why why) {
    if (why == Why::kReload) thread_.figures.add(Tally::kClosedByReload);
    if (why == Why::kDrain) thread_.figures.add(Tally::kClosedByDrain);
    stream_->cancel();
}

void ClientConnection::drain(bool last_call) {
    if (pass()) return stream_->cancel();
    // A fresh one may make its request; with another process to go on to, so may one whose TLS state cannot be passed.
    if (last_call && requests > 0 && !thread_.pass) close(Why::kDrain);
}

void ClientConnection::follow() {
    if (!move_over()) close(Why::kReload);
}

/// The Site in force is used from now on. False: it does not listen here.
bool ClientConnection::move_over() {
    // With a worker_shutdown_timeout it does not outlive its configuration, as with nginx.
    if (requests == 0 && site().close_after_reload_ms) return true;
    if (!take_up_site()) return false;
    use_wire(first_server());
    return true;
}

void ClientConnection::each_site(const std::function<void(const http::Site&, bool)>& call) const {
    call(request_ ? *request_->site : site(), request_ != nullptr);
}

void ClientConnection::expire(Why why, std::uint64_t before) {
    if ((request_ ? *request_->site : site()).generation >= before) return;
    if (idle_) return close(why);
    if (!stream_) return;
    thread_.figures.add(why == Why::kReload ? Tally::kClosedByReload : Tally::kClosedAtDeadline);
    if (request_) say_goodbye();  // else it is still at its PROXY header or its handshake
    stream_->shutdown_write();
    ::shutdown(socket_->fd(), SHUT_RDWR);  // whoever waits for this socket, in whatever module, sees its end
}

/// The last words of a protocol that has some: what comes after them is not missed. Anything else is cut.
void ClientConnection::say_goodbye() {
    auto& r = *request_;
    constexpr std::string_view kEnd = "0\r\n\r\n";
    std::string_view words;
    if (r.last_words) {
        words = r.last_words(r.last_words_context);
    } else if (r.out.chunked && r.header_size && next_piece_ == queue_size_ && !held_size_ &&
               r.out.content_type.starts_with("text/event-stream")) {
        words = kEnd;
    }
    if (words.empty()) return thread_.figures.add(Tally::kCut);
    struct iovec piece {const_cast<char*>(words.data()), words.size()};
    static_cast<void>(stream_->write({&piece, 1}, false));
}

}  // namespace bext::http1
