// Webhook: the HTTP/1 endpoint of git_deploy, on a loopback address. A signed push runs a command, once; anything else nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/guests.h"
#include "base/result.h"
#include "deploy/deliveries.h"
#include "deploy/runner.h"

namespace bext::deploy {

struct Options {
    std::string listen;  // "127.0.0.1:8090" or "[::1]:8090"; port 0 is any free one
    std::string secret;
    std::string on_push;
    int output = 2;      // where on_push writes
};

class Webhook {
public:
    static constexpr std::size_t kMostGuests = 32;

    Webhook(boost::asio::io_context& io, const Options& options)
        : acceptor_(io), options_(options), runner_(io, options.on_push, options.output) {}

    /// Listens, and accepts as long as the io_context runs.
    Result<> start();
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
    friend class Session;

    void accept();

    boost::asio::ip::tcp::acceptor acceptor_;
    const Options& options_;
    Runner runner_;
    std::shared_ptr<Guests> guests_ = std::make_shared<Guests>(kMostGuests);
    Deliveries deliveries_;
};

/// Serves until SIGTERM, SIGINT or SIGQUIT; the exit status. A command under way goes on without it.
int run(const Options& options);

}  // namespace bext::deploy
