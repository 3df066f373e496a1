#include "http/subrequest.h"

#include <unistd.h>

#include "http/core_conf.h"
#include "http/phases.h"

namespace bext::http {

Subrequest::Subrequest(Request& parent, Body body) : request(parent, *this, *this), body_(body), older_(parent.main.subrequests) {
    parent.main.subrequests = this;
    if (body == Body::kNone || body == Body::kBackground) request.discard_output = true;
}

Subrequest* Subrequest::create(Request& parent, std::string_view uri, std::string_view args, Body body) {
    if (parent.subrequests_left == 0) {
        parent.log(Level::kError, parent.arena.cat({"subrequests cycle while processing \"", uri, "\""}));
        return nullptr;
    }
    if (parent.subrequest && parent.subrequest->body_ == Body::kMemory) {
        parent.log(Level::kError, parent.arena.cat({"nested in-memory subrequest \"", uri, "\""}));
        return nullptr;
    }
    auto* made = parent.arena.make<Subrequest>(parent, body);
    auto& r = made->request;
    r.set_uri(uri);
    r.args = args;
    if (body == Body::kPlaced) r.postponed_ = r.arena.make<Postponed>(r.arena);
    if ((body == Body::kPlaced || body == Body::kMemory) && !parent.postponed_)
        parent.postponed_ = parent.arena.make<Postponed>(parent.arena);
    return made;
}

void Subrequest::start() {
    if (!started_) spawn(run());
}

Task<> Subrequest::run() {
    started_ = true;
    try {
        co_await serve(request);
    } catch (const std::bad_alloc&) {
        request.main.aborted = request.main.out_of_memory = true;
    }
    if (!in_background()) request.main.log_action = request.log_action;  // nginx has one for all of a connection
    done_ = true;
    end_gate_.open(net::Wait::kReady);  // last: it may end the main request
}

void Subrequest::take_turn() {
    turn_ = true;
    turn_gate_.open(net::Wait::kReady);
}

Task<> Subrequest::ended() {
    start();
    take_turn();
    if (done_) co_return;
    auto wait = co_await net::Stream::Waiting(end_gate_, false, 0);
    static_cast<void>(wait);
}

Task<> Subrequest::end_all(Request& main) {
    for (auto* s = main.subrequests; s;) {
        if (s->done_ || !s->started_) {
            s = s->older_;
            continue;
        }
        if (main.aborted) main.watches.notify(true);
        // One whose turn has not come belongs to a body that broke off.
        if (s->body_ == Body::kPlaced && !s->turn_) s->request.aborted = true;
        co_await s->ended();
        s = main.subrequests;  // it may have made others
    }
}

bool Subrequest::body(Request&, const Chain& chain, bool, bool flush) {
    auto& main = request.main;
    if (main.aborted) return false;
    if (body_ == Body::kMemory) return keep(chain);
    if (body_ != Body::kPlaced) return true;
    Chain part(request.arena);
    for (auto& piece : chain) part.push(piece);
    return (part.empty() && !flush) || main.hand_on(part, false, flush);
}

/// Copies a body to be kept (subrequest_output_buffer_size). One that is too large ends the main request, as in nginx.
bool Subrequest::keep(const Chain& chain) {
    auto& r = request;
    auto too_big = [&](std::string_view size) {
        r.log(Level::kError, r.arena.cat({"too big subrequest response", size}));
        return !(r.main.aborted = true);
    };
    if (!text_) {
        auto most = r.conf<Client>().subrequest_buffer->value;
        auto length = r.out.content_length;
        if (length > static_cast<std::int64_t>(most)) return too_big(r.arena.cat({": ", std::to_string(length)}));
        text_room_ = length >= 0 ? static_cast<std::size_t>(length) : most;
        text_ = r.arena.bytes(text_room_ + 1);
    }
    for (auto& piece : chain) {
        if (piece.size > text_room_ - text_size_) return too_big({});
        char* at = text_ + text_size_;
        if (piece.in_memory()) {
            std::memcpy(at, piece.data, piece.size);
        } else if (auto n = ::pread(piece.fd, at, piece.size, piece.offset); n != static_cast<ssize_t>(piece.size)) {
            r.log(Level::kAlert, n < 0 ? "pread() failed" : "pread() read less than the file had: it was truncated", n < 0 ? errno : 0);
            return !(r.main.aborted = true);
        }
        text_size_ += piece.size;
    }
    return true;
}

bool Subrequest::backlog() const { return body_ == Body::kPlaced && turn_ && request.main.sink->backlog(); }

Task<bool> Subrequest::drain(Request&) {
    auto& main = request.main;
    bool alive = co_await main.sink->drain(main);
    if (!alive) main.aborted = true;
    co_return alive;
}

bool Postponed::waiting(const Request& r) const { return next < pieces.size() || holder || (last && !r.ended); }

bool Postponed::may_pass(const Request& r, const Chain& chain) const {
    if (draining || waiting(r) || (r.subrequest && !r.subrequest->turn_)) return false;
    for (auto& piece : chain)
        if (piece.is_place()) return false;
    return true;
}

void Postponed::add(const Chain& chain, bool is_last, bool is_flush) {
    last = last || is_last;
    flush = flush || is_flush;
    for (auto& piece : chain) pieces.push(piece);
    for (auto& piece : chain)
        if (piece.is_place()) piece.subrequest->start();
}

bool Postponed::hand_on(Request& r, Chain& run, bool at_end) {
    bool ends = at_end && last && !holder;
    bool flushes = at_end && flush;
    if (flushes) flush = false;
    return r.hand_on(run, ends, flushes);
}

Task<bool> Postponed::drain(Request& r) {
    auto* own = r.subrequest;
    draining = true;
    if (own && !own->turn_) {
        auto wait = co_await net::Stream::Waiting(own->turn_gate_, false, 0);
        static_cast<void>(wait);
    }
    while (!r.aborted && !r.main.aborted) {
        Chain run(r.arena);
        while (next < pieces.size() && !pieces[next].is_place()) run.push(pieces[next++]);
        bool at_end = next == pieces.size();
        if (at_end) {
            pieces.clear();
            next = 0;
        }
        if (!run.empty() || (at_end && (flush || (last && !r.ended && !holder)))) {
            hand_on(r, run, at_end);
            if (!r.sink->backlog()) continue;
            bool alive = co_await r.sink->drain(r);
            if (!alive) r.aborted = true;
            continue;  // more may have come
        }
        if (at_end) break;
        co_await pieces[next++].subrequest->ended();
        auto* filter = std::exchange(holder, nullptr);
        if (filter && !r.main.aborted) {
            Chain nothing(r.arena);
            r.filter(filter, nothing, std::exchange(holder_last, false), false);
        }
    }
    draining = false;
    co_return !r.aborted && !r.main.aborted;
}

}  // namespace bext::http
