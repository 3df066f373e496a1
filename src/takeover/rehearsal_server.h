// Rehearsal server: a worker of bext with the real configuration on a network of its own, beside the nginx that serves.
#pragma once

#include <sys/types.h>

#include <string>

#include "handoff/channel.h"
#include "loader/configuration.h"
#include "supervisor/sockets.h"
#include "takeover/rehearsal_network.h"

namespace bext::takeover {

class RehearsalServer {
public:
    /// Starts `program` (bext-server) and waits until it serves. `identity` ("nginx/1.22.1") is what it calls itself, since
    /// an error page has the server's name in it.
    static Result<RehearsalServer> start(const std::string& program, const loader::Source& source, const std::string& identity);
    RehearsalServer(RehearsalServer&& other) noexcept;
    ~RehearsalServer();

    /// A stream socket that connects to it, at the addresses of the configuration.
    Fd socket(int family) const { return network_.socket(family); }

private:
    explicit RehearsalServer(PrivateNetwork network) : network_(std::move(network)) {}
    Result<> launch(const std::string& program, const loader::Source& source, const std::string& identity, const Fd& bundle);
    Result<> lend(const handoff::Plan& plan, const Fd& bundle);
    Result<> await_serving();

    PrivateNetwork network_;
    supervisor::Sockets sockets_;
    handoff::Channel channel_;
    pid_t pid_ = -1;
};

}  // namespace bext::takeover
