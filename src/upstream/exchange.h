// Exchange: one request's dealings with an upstream: peers one after another, the request out, the answer's head in, its
// body relayed (ngx_http_upstream.c). What differs between protocols is a Protocol.
#pragma once

#include <memory>

#include "http/module.h"
#include "upstream/incoming.h"
#include "upstream/keepalive.h"
#include "upstream/settings.h"
#include "upstream/tls_connector.h"

namespace bext::upstream {

/// What the $upstream_ variables say of one try. A state without a peer stands between two exchanges of one request.
struct State {
    std::string_view peer;
    bool separator = false;
    int status = 0;
    std::int64_t connect_ms = -1, header_ms = -1, response_ms = -1;
    std::uint64_t response_length = 0, bytes_received = 0, bytes_sent = 0;
};

/// Bytes received from the peer: a head is parsed in place in them.
struct Buffer {
    char* data = nullptr;
    std::size_t size = 0, begin = 0, end = 0;
    std::string_view unused() const { return {data + begin, end - begin}; }
};

enum class Head : std::uint8_t { kAgain, kDone, kInvalid, kFailed };

class Protocol {
public:
    virtual ~Protocol() = default;
    /// Fills exchange.outgoing and exchange.uri. False: 500.
    virtual bool create(Exchange& exchange) = 0;
    /// Forgets what was parsed, before another peer is asked.
    virtual void restart(Exchange& exchange) = 0;
    /// Parses the head in exchange.buffer as far as it goes.
    virtual Head parse(Exchange& exchange) = 0;
    /// The head was taken: sets exchange.length, keepalive, eager.
    virtual void begin_body(Exchange& exchange) = 0;
    /// Decodes `bytes`; pieces of them go to `out`. False: the answer makes no sense (logged), nothing more is sent.
    virtual bool take(Exchange& exchange, std::string_view bytes, http::Chain& out) = 0;
    /// Frames a part of a body that is not buffered, for sending.
    virtual void frame(Exchange& exchange, std::string_view bytes, bool last, http::Chain& out) = 0;
    /// proxy_redirect: rewrites `value` from `from` on. True when it did.
    virtual bool rewrite_location(http::Request&, std::string_view& value, std::size_t from) {
        return static_cast<void>(value), static_cast<void>(from), false;
    }
    /// Whether there is any proxy_redirect; without, a Location is relayed as a redirect of our own would be.
    virtual bool rewrites_locations() const { return false; }
    virtual void rewrite_cookie(http::Request&, std::string_view& value) { static_cast<void>(value); }
};

class Exchange {
public:
    Exchange(http::Request& request, const Settings& conf, Protocol& protocol, std::shared_ptr<Group> group);
    Exchange(const Exchange&) = delete;
    ~Exchange();

    /// Asks the group and relays the answer.
    Task<http::Verdict> run();
    Task<http::Verdict> run_through();

    http::Request& request;
    const Settings& conf;
    Protocol& protocol;
    http::Chain outgoing;          ///< the request, as it is to be sent
    std::string_view schema, uri;  ///< for the error log
    const TlsSettings* tls = nullptr;
    std::string_view tls_name;
    const void* tag = nullptr;     ///< whose connections keepalive … local gives back

    Incoming in;
    Buffer buffer;
    std::int64_t length = -1;  ///< of the body: -1 until the peer closes, 0 complete, else more is needed
    bool keepalive = false;    ///< the connection may be used again
    bool upgrade = false;      ///< the answer switches protocols, as the client wanted
    bool broken = false;       ///< the answer cannot be completed; what came of it is still sent
    bool eager = false;        ///< pass on what is decoded, although it is little
    bool buffering;
    State* state() const { return &(*states_)[states_->size() - 1]; }
    const List<State>& states() const { return *states_; }
    void log(Level level, std::string_view text, int error = 0) { request.log(level, text, error); }
    /// Whether the client's body goes to the peer as it comes.
    bool streams_body() const { return !request.parent && request.body.unbuffered; }
    /// The peer of the current try (its tls_session is there).
    Peer* peer() const { return selection_.current(); }

private:
    friend class Relay;
    friend class BodyStream;
    friend class Tunnel;
    enum class Sent : std::uint8_t { kAll, kBlocked, kFailed };
    enum class Came : std::uint8_t { kNothing, kHead, kFailure };

    // One try. They return 0, a Failure, or a status with kStatusBit.
    static constexpr std::uint32_t kStatusBit = 1u << 31;
    Task<std::uint32_t> attempt();
    Task<std::uint32_t> connect();
    std::uint32_t open_socket(Peer& peer);
    std::uint32_t connect_failed(int error, std::string_view what);
    Task<std::uint32_t> shake_hands();
    Task<std::uint32_t> send();
    Task<std::uint32_t> await_head();
    Came read_head(std::uint32_t& failure);
    void name_wait();
    Sent flush();
    ssize_t send_file(http::Piece& piece);
    void restart();
    void begin_state();
    void end_state();

    // Between tries and at the end.
    bool may_try_again(std::uint32_t failure) const;
    int next(std::uint32_t failure);
    bool answer_means_next(std::uint32_t& failure) const;
    bool intercepted() const;
    void finish(bool complete);
    void close_link();

    Task<http::Verdict> answer();
    http::Verdict redirect();
    Task<http::Verdict> relay_body();
    Task<> tunnel();
    http::Verdict fail(int status);

    // The client.
    static void client_gone(void* self);
    void watch_client();
    void wake();
    Task<> stop_stream();

    class Relay* relay_ = nullptr;  // what brings the body to the client
    Selection selection_;
    std::shared_ptr<Group> group_;
    std::unique_ptr<Link> link_;
    List<State>* states_;
    std::size_t sending_ = 0;      // index into outgoing
    std::uint64_t sent_part_ = 0;  // of that piece
    std::uint64_t link_sent_ = 0;  // the link's count when this request began
    std::uint64_t begun_ = 0, try_begun_ = 0;
    std::uint64_t head_deadline_ = 0;  // for the head of the answer; 0: the request is still being sent
    SeriesTable::Row series_ = 0;  // of the peer that was asked
    bool asked_ = false;           // a peer, in a try that is not counted yet
    bool request_sent_ = false, body_sent_ = false, response_received_ = false, head_done_ = false;
    bool gone_ = false;      // the client
    bool eof_ = false;       // of the peer
    bool finished_ = false;
    int stream_status_ = 0;  // of the body being streamed
    bool streaming_ = false, stop_streaming_ = false;
    net::Gate gate_;         // for what is no event of the link
    http::AbortWatch watch_;
};

/// Now, in seconds of the loop's clock as nginx counts failures.
std::int64_t now_seconds();

}  // namespace bext::upstream
