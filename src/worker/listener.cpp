#include "worker/listener.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/log.h"
#include "http1/connection.h"
#include "upstream/keepalive.h"

namespace bext::worker {

namespace {
constexpr std::uint64_t kPause = 500;  // ms without accepting when descriptors have run out
}

Listener::Listener(http::Thread& thread, std::shared_ptr<const Fd> socket, net::Address address, bool multi_accept)
    : thread_(thread), socket_(std::move(socket)), address_(address), multi_accept_(multi_accept) {
    thread_.loop.add(*this, socket_->get(), EPOLLIN | EPOLLEXCLUSIVE);
}

Listener::~Listener() = default;

void Listener::retire(std::unique_ptr<Listener> listener) {
    listener->closed_ = true;
    listener->rest_.disarm();
    listener->thread_.loop.forget(listener->socket_->get());
    auto* raw = listener.release();
    raw->thread_.loop.retire(raw);
}

void Listener::ready(std::uint32_t) {
    if (closed_ || rest_.armed()) return;
    thread_.loop.doing(Doing::kAccepting);
    int most = multi_accept_ ? 1024 : 1;
    while (most-- > 0 && accept_one()) {
    }
}

/// The Listen of a new connection: of a wildcard's socket, the more specific address it was made to, if there is one.
const http::Listen* Listener::listen_for(const Fd& fd) const {
    const http::Listen* found = nullptr;
    for (auto& listen : thread_.site->site().listens)
        if (listen->address == address_) found = listen.get();
    if (!found || found->covers.empty()) return found;
    net::Address local;
    socklen_t size = net::Address::capacity();
    if (::getsockname(fd.get(), local.raw(), &size) != 0) return found;
    local.set_size(size);
    for (auto* specific : found->covers)
        if (specific->address == local) return specific;
    return found;
}

bool Listener::accept_one() {
    net::Address client;
    socklen_t size = net::Address::capacity();
    Fd fd(::accept4(socket_->get(), client.raw(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
        if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return errno != EAGAIN;
        thread_.site->site().error_log->write(errno == EMFILE || errno == ENFILE ? Level::kCrit : Level::kAlert,
                                              "accept4() failed" + errno_text(errno));
        if (errno == EMFILE || errno == ENFILE) pause();
        return false;
    }
    client.set_size(size);
    thread_.figures.add(Tally::kAccepted);
    if (!upstream::make_room()) {
        thread_.figures.add(Tally::kRefused);
        thread_.site->site().error_log->write(Level::kAlert, std::to_string(thread_.connection_limit) + " worker_connections are not enough");
        return true;
    }
    try {
        if (auto* listen = listen_for(fd)) http1::ClientConnection::serve(thread_, *listen, std::move(fd), client);
    } catch (const std::bad_alloc&) {  // this client has had bad luck; who is connected keeps what there is
        thread_.figures.add(Tally::kRefused);
        thread_.note_shortage();
    }
    return true;
}

void Listener::pause() {
    if (rest_.armed()) return;
    thread_.loop.forget(socket_->get());
    rest_.arm(kPause);
}

void Listener::resume() { thread_.loop.add(*this, socket_->get(), EPOLLIN | EPOLLEXCLUSIVE); }

}  // namespace bext::worker
