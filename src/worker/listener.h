// Listener: one thread's share of a listening socket: accepts and starts connections.
#pragma once

#include <memory>

#include "base/fd.h"
#include "http/site.h"
#include "http/thread.h"
#include "net/loop.h"

namespace bext::worker {

class Listener final : private net::Watch {
public:
    /// `socket` may be shared with other threads: only one of them is woken for a connection.
    Listener(http::Thread& thread, std::shared_ptr<const Fd> socket, net::Address address, bool multi_accept);
    ~Listener();

    /// Takes `listener` out of the loop and frees it after the current events.
    static void retire(std::unique_ptr<Listener> listener);

private:
    friend class net::Loop;
    void ready(std::uint32_t events) override;
    bool accept_one();
    void pause();
    void resume();
    const http::Listen* listen_for(const Fd& fd) const;

    http::Thread& thread_;
    std::shared_ptr<const Fd> socket_;
    net::Address address_;
    bool multi_accept_;
    bool closed_ = false;
    struct Rest : net::Timer {
        explicit Rest(Listener* l) : Timer([](net::Timer& t) { static_cast<Rest&>(t).listener->resume(); }), listener(l) {}
        Listener* listener;
    } rest_{this};  // armed: no descriptors or memory are left, it accepts again later
};

}  // namespace bext::worker
