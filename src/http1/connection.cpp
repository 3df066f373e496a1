// A connection's life: PROXY header, TLS, one request after another, the end.
#include "http1/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "http/escape.h"
#include "http/phases.h"
#include "http/progress.h"

namespace bext::http1 {

using http::Request;

namespace {

constexpr unsigned kRequestsInATurn = 64;
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Counts this connection in one of stub_status' figures as long as it lives.
class Counted {
public:
    Counted(Figures& figures, Gauge gauge) : figures_(figures), gauge_(gauge) { figures_.add(gauge_); }
    Counted(const Counted&) = delete;
    ~Counted() { figures_.subtract(gauge_); }

private:
    Figures& figures_;
    Gauge gauge_;
};

}  // namespace

void ClientConnection::serve(http::Thread& thread, const http::Listen& listen, Fd fd, const net::Address& client) {
    thread.loop.make_room();
    auto* connection = new ClientConnection(thread, listen, std::move(fd), client);
    thread.figures.add(Tally::kHandled);
    connection->start();
}

ClientConnection::ClientConnection(http::Thread& thread, const http::Listen& on, Fd fd, const net::Address& from)
    : Connection(on, std::move(fd), from), thread_(thread) {
    socket_->hangup_context = this;
    socket_->on_hangup = [](void* self) {
        auto* request = static_cast<ClientConnection*>(self)->request_.get();
        if (request) request->watches.notify(false);
    };
    ++thread.connections;
    thread.clients.link(*this);
    thread.figures.add(Gauge::kActive);
}

ClientConnection::~ClientConnection() {
    if (idle_) thread_.idle.unlink(*this);
    request_.reset();
    release_buffers();
    thread_.clients.unlink(*this);
    thread_.figures.subtract(Gauge::kActive);
    if (--thread_.connections == 0 && thread_.on_last_connection) thread_.on_last_connection();
}

Task<> ClientConnection::run_through() {
    use_wire(*listen->hosts.default_server);
    auto entered = Entered::kYes;
    if (!adopted_) entered = co_await enter(static_cast<std::uint64_t>(wire_->header_timeout->count()));
    plain_on_tls_ = entered == Entered::kPlainOnTls;
    if (entered == Entered::kYes && tls && tls->alpn() == "h2") co_return http::http2_start()(*this, {});
    if (entered != Entered::kNot) {
        if (tls) use_wire(first_server());
        for (;;) {
            bool more = co_await read_head();
            if (!more) break;
            if (!stream_) co_return;  // it goes on in HTTP/2
            thread_.figures.pulse().request(request_->host, request_->uri);
            {
                Counted writing(thread_.figures, Gauge::kWriting);
                if (refused_)
                    co_await http::refuse(*request_, refused_);
                else
                    co_await http::serve(*request_);
            }
            http::count_response(*request_);
            if (request_->out_of_memory) co_return;
            co_await end_request();
            if (!stream_) break;
        }
    }
}

/// Until the client may have sent more. In a request it may keep that until what it sent is acknowledged (Nagle's algorithm), and
/// the kernel would first wait for an answer to go with the acknowledgment (docs/adr/0012-acknowledgments.md).
net::Stream::Waiting ClientConnection::more(std::uint64_t timeout_ms) {
    auto waiting = stream_->readable(timeout_ms);
    if (request_ && !waiting.await_ready() && !std::exchange(acknowledged_, true)) {
        int one = 1;
        ::setsockopt(socket_->fd(), IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);  // fails on unix sockets, harmlessly
    }
    return waiting;
}

Task<bool> ClientConnection::fill(std::uint64_t timeout_ms) {
    for (;;) {
        auto wait = co_await more(timeout_ms);
        if (wait != net::Wait::kReady) {
            read_error_ = wait == net::Wait::kTimeout ? ETIMEDOUT : ECANCELED;
            co_return false;
        }
        if (!in_.data) {
            in_.size = wire_->header_buffer_size->value;
            in_.data = static_cast<char*>(pool_allocate(in_.size));
            in_.begin = in_.end = 0;
        }
        ssize_t n = stream_->read({in_.data + in_.end, in_.size - in_.end});
        if (n > 0) {
            in_.end += static_cast<std::size_t>(n);
            co_return true;
        }
        if (n != -EAGAIN) {
            read_error_ = static_cast<int>(-n);
            co_return false;
        }
    }
}

void ClientConnection::became_idle() {
    if (in_.begin == in_.end && in_.data) {
        pool_release(in_.data, in_.size);
        in_ = {};
    }
    thread_.idle.link(*this);
    idle_ = true;
}

/// A new request on the configuration in force. False: it no longer listens here.
bool ClientConnection::begin_request(bool waited, bool pipelined) {
    ++requests;
    request_ = std::make_unique<Request>(*this, *this);
    request_->start_ms = thread_.loop.unix_milliseconds();
    request_->start_tick = thread_.loop.now();
    request_->recheck_files = !waited;
    request_->pipelined = pipelined;
    // The Site may have changed since the connection began: its listen of the same address is in force then.
    if (!take_up_site()) return false;
    intake_.begin(*request_, *listen, first_server());
    follow_wire();
    line_done_ = false;
    acknowledged_ = false;
    refused_ = 0;
    head_size_ = 0;
    line_begin_ = in_.begin;
    line_parser_.reset();
    header_parser_.reset();
    request_start_sent_ = stream_->sent;
    return true;
}

/// A client that begins with HTTP/2's preface (RFC 9113, section 3.3) has that. False: it has ended before it was whole.
Task<bool> ClientConnection::leave_for_http2() {
    auto timeout = static_cast<std::uint64_t>(wire_->header_timeout->count());
    for (;;) {
        auto begun = in_.unused().substr(0, kHttp2Preface.size());
        if (begun != kHttp2Preface.substr(0, begun.size())) co_return true;
        if (begun.size() == kHttp2Preface.size()) break;
        bool more = co_await fill(timeout);
        if (!more) co_return false;
    }
    http::http2_start()(*this, in_.unused());
    co_return true;
}

/// Reads one request's head. False: the connection is to end (closed, timed out, broken).
Task<bool> ClientConnection::read_head() {
    const bool first = requests == 0;
    auto timeout = static_cast<std::uint64_t>(wire_->header_timeout->count());
    bool waited = false;
    bool pipelined = !first && in_.begin < in_.end;
    if (in_.begin == in_.end) {
        auto idle = first ? timeout : static_cast<std::uint64_t>(keepalive_ms_);
        bool served = move_over();
        if (!served) thread_.figures.add(Tally::kClosedByReload);
        if (!served) co_return false;
        if (thread_.draining) {
            bool over = pass() || (!first && !thread_.pass);  // a fresh one may still make its request
            if (over) co_return false;
        }
        became_idle();
        auto batch = thread_.loop.batch();
        Counted waiting(thread_.figures, Gauge::kWaiting);
        bool got = co_await fill(idle);
        waited = thread_.loop.batch() != batch;
        thread_.idle.unlink(*this);
        idle_ = false;
        if (got && first && !listen->options.ssl && http::offers_http2(*listen, *listen->hosts.default_server)) got = co_await leave_for_http2();
        if (!got) note_end(first);
        if (!got || !stream_) co_return got;
    }
    // However many requests a client sends at once, the others have their turn between them.
    if (!pipelined) in_turn_ = 0;
    else if (++in_turn_ % kRequestsInATurn == 0) co_await net::NextTurn();
    Counted reading(thread_.figures, Gauge::kReading);
    if (!begin_request(waited, pipelined)) co_return false;
    thread_.figures.add(Tally::kRequests);
    auto deadline = thread_.loop.now() + timeout;
    for (;;) {
        auto next = parse();
        if (next == Next::kDone || next == Next::kRefused) break;
        if (next == Next::kClose) {
            log_unanswered(http::status::kInternal);
            co_return false;
        }
        auto now = thread_.loop.now();
        bool filled = now < deadline;
        if (!filled) read_error_ = ETIMEDOUT;
        else filled = co_await fill(deadline - now);
        if (!filled) {
            note_unfinished_head();
            co_return false;
        }
    }
    request_->request_length = head_size_;
    co_return true;
}

Task<> ClientConnection::end_request() {
    auto& r = *request_;
    bool alive = !r.aborted && !failed_ && r.ended;
    bool keep = alive && r.keepalive && !thread_.ends_keepalive(!tls) && r.conf<http::Client>().keepalive_timeout->count() > 0;
    if (keep && !body_done_) keep = co_await discard_rest();
    if (!keep) {
        auto& client = r.conf<http::Client>();
        auto mode = *client.lingering_close;
        bool unread = r.lingering || in_.begin < in_.end || !body_done_;
        if (alive && mode == http::Client::Lingering::kOff && !body_done_) co_await discard_rest();  // what was begun is taken
        bool lingers = alive && (mode == http::Client::Lingering::kAlways || (mode == http::Client::Lingering::kOn && unread));
        if (lingers) co_await linger();
        if (r.timed_out && *client.reset_timedout) {
            struct linger now {1, 0};
            ::setsockopt(socket_->fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
        } else if (tls || (ends_now_ && !lingers)) {
            stream_->shutdown_write();  // the held last bytes go first: unread bytes make a reset of the close
        }
        stream_ = nullptr;
        co_return;
    }
    keepalive_ms_ = r.conf<http::Client>().keepalive_timeout->count();
    if (!nodelay_ && *r.conf<http::Client>().tcp_nodelay && client.address().family() != AF_UNIX) {
        int one = 1;
        ::setsockopt(socket_->fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        nodelay_ = true;
    }
    // Bytes of the next request stay; what the old head pointed into goes.
    auto rest = in_.unused();
    request_.reset();
    queue_ = nullptr;
    queue_size_ = queue_capacity_ = next_piece_ = 0;
    held_ = nullptr;
    held_size_ = held_capacity_ = 0;
    for (auto& buffer : old_) pool_release(buffer.data, buffer.size);
    old_.clear();
    large_ = 0;
    if (rest.empty()) {
        in_.begin = in_.end = 0;
        if (in_.size != wire_->header_buffer_size->value) release_buffers();
    } else if (in_.begin > 0) {
        std::memmove(in_.data, rest.data(), rest.size());
        in_.begin = 0;
        in_.end = rest.size();
    }
    body_done_ = true;
    body_buffer_ = false;
    co_return;
}

/// Takes the rest of a body off the wire before the next request, within the lingering limits.
Task<bool> ClientConnection::discard_rest() {
    auto& client = request_->conf<http::Client>();
    auto until = thread_.loop.now() + static_cast<std::uint64_t>(client.lingering_time->count());
    char waste[4096];
    request_->discarding = true;
    while (!body_done_) {
        if (thread_.loop.now() >= until) co_return false;
        auto got = co_await read(waste);
        if (got.status) co_return false;
    }
    co_return true;
}

Task<> ClientConnection::linger() {
    auto& client = request_->conf<http::Client>();
    auto timeout = static_cast<std::uint64_t>(client.lingering_timeout->count());
    auto until = thread_.loop.now() + static_cast<std::uint64_t>(client.lingering_time->count());
    stream_->shutdown_write();
    char waste[4096];
    for (;;) {
        auto now = thread_.loop.now();
        if (now >= until) co_return;
        auto wait = co_await stream_->readable(std::min(timeout, until - now));
        if (wait != net::Wait::kReady) co_return;
        ssize_t n = stream_->read(waste);
        if (n == 0 || (n < 0 && n != -EAGAIN)) co_return;
    }
}

void ClientConnection::release_buffers() {
    if (in_.data) pool_release(in_.data, in_.size);
    in_ = {};
    for (auto& buffer : old_) pool_release(buffer.data, buffer.size);
    old_.clear();
}

net::Stream* ClientConnection::take_over(std::string_view& unread) {
    unread = in_.unused();
    in_.begin = in_.end;
    return stream_;
}

}  // namespace bext::http1
