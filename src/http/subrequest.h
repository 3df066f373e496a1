// Subrequest: a request for another URI of the same server on behalf of one (ngx_http_subrequest): the parent's headers,
// the method GET, the phases without access. It runs beside its parent, whose body it may be a part of.
#pragma once

#include <string_view>

#include "http/request.h"
#include "net/stream.h"

namespace bext::http {

class Subrequest final : public Sink {
public:
    /// What becomes of its body.
    enum class Body : std::uint8_t {
        kPlaced,      // part of the parent's, where its place stands in what the parent pushes
        kMemory,      // kept in text()
        kNone,        // only status and headers are wanted
        kBackground,  // nothing is wanted; only the end of the main request waits for it
    };

    /// In the parent's arena. Null when it may not be (logged). One that is not placed is to be started by the caller.
    static Subrequest* create(Request& parent, std::string_view uri, std::string_view args, Body body);
    Subrequest(Request& parent, Body body);

    /// Runs it, as far as it goes without waiting.
    void start();
    /// Until it has ended; what it placed before that was handed on. Asked once.
    Task<> ended();
    bool done() const { return done_; }
    bool in_background() const { return body_ == Body::kBackground; }
    /// The body that was kept.
    std::string_view text() const { return {text_, text_size_}; }

    /// Asked for what becomes of the status that its content came to; 0: what was pushed or is pending is the answer.
    int (*decide)(Subrequest& subrequest, int code, void* context) = nullptr;
    void* context = nullptr;

    /// Waits for all subrequests of `main`, which has nothing more to send.
    static Task<> end_all(Request& main);

    // Sink: into the body of the main request, or where else it goes.
    bool delimits() const override { return true; }
    void header(Request&) override {}
    bool body(Request& request, const Chain& chain, bool last, bool flush) override;
    bool backlog() const override;
    Task<bool> drain(Request& request) override;

    Request request;

private:
    friend struct Postponed;
    Task<> run();
    void take_turn();
    bool keep(const Chain& chain);

    const Body body_;
    bool started_ = false, done_ = false;
    bool turn_ = false;    // everything before its place was handed on
    net::Gate turn_gate_;  // it waits here for its turn
    net::Gate end_gate_;   // who waits for its end
    char* text_ = nullptr;
    std::size_t text_size_ = 0, text_room_ = 0;
    Subrequest* older_ = nullptr;
};

/// What a request has pushed and may not hand on yet: subrequests have their places in it, or its own turn has not come.
struct Postponed {
    explicit Postponed(Arena& arena) : pieces(arena) {}

    /// Puts pieces behind the others and starts the subrequests among them.
    void add(const Chain& chain, bool last, bool flush);
    /// Whether `chain` may be handed on at once.
    bool may_pass(const Request& request, const Chain& chain) const;
    bool waiting(const Request& request) const;
    /// Hands everything on in its order, each subrequest in its place. False when the request has failed.
    Task<bool> drain(Request& request);

    Chain pieces;
    std::size_t next = 0;  // pieces before this one were handed on
    bool last = false, flush = false, draining = false;
    BodyFilter* holder = nullptr;  // a filter that waits for a subrequest
    bool holder_last = false;      // and has been told that nothing follows

private:
    bool hand_on(Request& request, Chain& run, bool at_end);
};

}  // namespace bext::http
