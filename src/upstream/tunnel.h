// Tunnel: bytes both ways between a client and a peer that switched protocols (WebSocket), until either ends.
#pragma once

#include "upstream/exchange.h"
#include "upstream/websocket.h"

namespace bext::upstream {

class Tunnel {
public:
    explicit Tunnel(Exchange& exchange) : x_(exchange) {}
    Task<> run();

private:
    struct Way {
        net::Stream& from;
        net::Stream& to;
        std::string_view first;        // read ahead
        bool from_peer;
        std::span<char> room{};
    };
    Task<> copy(Way& way);
    Task<bool> write(Way& way, std::string_view bytes);
    Task<bool> read(Way& way, std::span<char> into, std::size_t& size);
    Task<> other_way(Way& way);
    void end();

    static std::string_view last_words(void* tunnel);

    Exchange& x_;
    WebSocketFrames frames_;  // to the client
    std::uint64_t active_ = 0;  // when bytes last came, ms
    bool over_ = false, other_runs_ = false;
};

}  // namespace bext::upstream
