// A connection apart from its protocol: its addresses, the Site that it is on, what the error log says of it.
#include "http/connection.h"

#include <sys/socket.h>

#include <atomic>

#include "base/text.h"
#include "http/core_conf.h"
#include "http/listen_log.h"
#include "http/site.h"
#include "http/thread.h"

namespace bext::http {

TlsAcceptor& tls_acceptor() {
    static TlsAcceptor acceptor = nullptr;
    return acceptor;
}

Http2Start& http2_start() {
    static Http2Start start = nullptr;
    return start;
}

bool offers_http2(const Listen& listen, const Server& server) {
    return http2_start() && (listen.options.http2 || *static_cast<const Http2*>(server.root.records[conf::slot_of<Http2>])->enable);
}

Connection::Connection(const Listen& on, Fd fd, const net::Address& from)
    : client(from),
      local(on.address),
      start_ms(Thread::current().loop.unix_milliseconds()),
      listen(&on),
      socket_(new net::Socket(std::move(fd))),
      stream_(socket_.get()),
      use_(Thread::current().site->acquire()),
      local_known_(!on.address.wildcard() && on.address.family() != AF_UNIX && on.covers.empty()) {
    static std::atomic<std::uint64_t> next{1};
    number = next.fetch_add(1, std::memory_order_relaxed);
}

Connection::Connection(Connection& from)
    : client(from.client),
      local(from.local),
      number(from.number),
      requests(from.requests),
      start_ms(from.start_ms),
      listen(from.listen),
      tls(from.tls),
      proxy_header(from.proxy_header),
      socket_(std::move(from.socket_)),
      stream_(std::exchange(from.stream_, nullptr)),
      use_(std::exchange(from.use_, nullptr)),
      tls_stream_(std::move(from.tls_stream_)),
      proxy_(std::move(from.proxy_)),
      proxy_bytes_(std::move(from.proxy_bytes_)),
      local_known_(from.local_known_) {
    socket_->on_hangup = nullptr;
    if (proxy_header) take_proxy_header(std::string(proxy_bytes_));  // its views are of the text that has moved
}

Connection::~Connection() {
    if (use_) use_->release();
}

const Site& Connection::site() const { return use_->site(); }

const net::Address& Connection::local_address() {
    if (local_known_) return local;
    socklen_t size = net::Address::capacity();
    net::Address found;
    if (::getsockname(socket(), found.raw(), &size) == 0) {
        found.set_size(size);
        local = found;
    }
    local_known_ = true;
    return local;
}

const Server& Connection::first_server() const {
    if (!tls || tls->server_name().empty()) return *listen->hosts.default_server;
    return *listen->hosts.find(tls->server_name()).server;
}

bool Connection::take_up_site() {
    auto* now = Thread::current().site;
    if (use_ == now) return true;
    auto* next = now->site().listen_like(*listen);
    if (!next) return false;
    listen = next;
    use_->release();
    use_ = now->acquire();
    return true;
}

void Connection::note(Level level, std::string_view text, int error, std::string_view action) const {
    if (!use_) return;  // another goes on with what it had
    auto& log = listen_log(*this);
    if (!log.wants(level)) return;
    auto message = cat({"*", std::to_string(number), " ", text, error ? errno_text(error) : std::string()});
    if (!action.empty()) message += cat({" while ", action, ", client: ", client.text(), ", server: ", listen->address.text()});
    log.write(level, message);
}

}  // namespace bext::http
