#include "http/phases.h"

#include "http/connection.h"
#include "http/core_conf.h"
#include "http/escape.h"
#include "http/site.h"
#include "http/special.h"
#include "http/subrequest.h"
#include "http/thread.h"

namespace bext::http {
namespace {

/// What the phases came to: a verdict of the content, or a hook that has to wait first.
struct Step {
    Verdict verdict = Verdict::pass();
    const Hook* waiting = nullptr;
};

void log_forbidden(Request& r) {
    if (r.access_code == status::kForbidden) r.log(Level::kError, "access forbidden by rule");
}

/// The location of the URI, and what must hold there (ngx_http_core_find_config_phase).
Verdict find_config(Request& r) {
    r.content_handler = nullptr;
    r.uri_changed = false;
    r.location = &r.server->root;
    auto routed = find_location(r.server->locations, r);
    auto& location = routed.location ? *routed.location : r.server->root;
    r.enter(location);
    if (!routed.location) r.limit_keepalive();
    if (!r.internal && *r.conf<Core>().internal) return Verdict::status(status::kNotFound);
    if (r.content_length >= 0 && (r.body.source || r.parent) && !r.discarding) {
        auto most = r.conf<Client>().max_body_size->value;
        if (most && r.content_length > most) {
            r.log(Level::kError, r.arena.cat({"client intended to send too large body: ", std::to_string(r.content_length), " bytes"}));
            r.expect_tested = r.discarding = true;
            if (!r.parent) abandon_body(r);
            return Verdict::status(status::kTooLarge);
        }
    }
    if (routed.slash_missing) {
        auto target = r.arena.cat({escape(Escape::kUri, location.name, r.arena), r.args.empty() ? "" : "?", r.args});
        r.out.headers.remove(Name::kLocation);
        r.out.headers.add("Location", target, Name::kLocation);
        return Verdict::status(status::kMoved);
    }
    return Verdict::pass();
}

/// After the rewrite phase: begin anew when the URI changed.
Verdict post_rewrite(Request& r) {
    if (!r.uri_changed) return Verdict::pass();
    if (--r.uri_changes == 0) {
        r.log(Level::kError, r.arena.cat({"rewrite or internal redirection cycle while processing \"", r.uri, "\""}));
        r.uri_changes = 1;
        return Verdict::status(status::kInternal);
    }
    return Verdict::again();
}

/// Combines the access hooks' opinions. True: the phase goes on; false: `v` is final, or the phase is over.
bool weigh_access(Request& r, Verdict v, bool& over) {
    over = false;
    if (v.passed()) return true;
    bool any = *r.conf<Core>().satisfy_any;
    if (v.kind() == Verdict::Kind::kAllow) {
        if (!any) return true;
        r.access_code = 0;
        r.out.headers.remove(Name::kWwwAuthenticate);
        over = true;
        return true;
    }
    bool denied = v.kind() == Verdict::Kind::kStatus &&
                  (v.code() == status::kForbidden || v.code() == status::kUnauthorized || v.code() == 407);
    if (any && denied) {
        if (r.access_code != status::kUnauthorized) r.access_code = v.code();
        return true;
    }
    return false;
}

Verdict no_handler(Request& r) {
    if (!r.uri.empty() && r.uri.back() == '/') {
        auto path = r.path_of(r.uri);
        if (!path.empty()) r.log(Level::kError, r.arena.cat({"directory index of \"", path, "\" is forbidden"}));
        return Verdict::status(status::kForbidden);
    }
    return Verdict::status(status::kNotFound);
}

/// What follows the last hook of a phase. pass(): the next phase; kAgain: the location must be found again.
Verdict after_phase(Request& r) {
    switch (r.phase) {
        case Site::kServerRewrite: return find_config(r);
        case Site::kRewrite: {
            auto v = post_rewrite(r);
            if (v.kind() != Verdict::Kind::kAgain) return v;
            r.enter(r.server->root);
            v = find_config(r);
            return v.passed() ? Verdict::again() : v;
        }
        case Site::kAccess:
            if (r.access_code == 0) return Verdict::pass();
            log_forbidden(r);
            return Verdict::status(r.access_code);
        default: return Verdict::pass();
    }
}

/// Takes a hook's verdict in the current phase: true when the phases go on (at r.phase, r.next_hook).
bool take(Request& r, Verdict v) {
    if (r.phase == Site::kAccess && v.kind() != Verdict::Kind::kAgain) {
        bool over;
        if (!weigh_access(r, v, over)) return false;
        if (over) r.next_hook = static_cast<std::uint16_t>(r.site->hooks[Site::kAccess].size());
        return true;
    }
    return v.passed();
}

/// Runs hooks until one has to wait or the content phase has its answer.
Step run(Request& r) {
    for (;;) {
        auto& hooks = r.site->hooks[r.phase];
        bool skipped = r.phase == Site::kAccess && r.parent;  // a subrequest is as allowed as its parent
        while (!skipped && r.next_hook < hooks.size()) {
            auto* hook = hooks[r.next_hook++];
            if (hook->waiting) return {Verdict::pass(), hook};
            auto v = hook->plain(r);
            if (r.undecided() || !take(r, v)) return {v, nullptr};
            if (r.uri_changed && (r.phase == Site::kRewrite || r.phase == Site::kServerRewrite)) break;
        }
        auto v = after_phase(r);
        if (r.undecided()) return {v, nullptr};
        if (v.kind() == Verdict::Kind::kAgain) {
            r.phase = Site::kRewrite;
            r.next_hook = 0;
            continue;
        }
        if (!v.passed()) return {v, nullptr};
        ++r.phase;
        r.next_hook = 0;
        if (r.phase == Site::kContent && r.content_handler) {
            r.phase = Site::kPhases;  // the handler is asked once
            if (r.content_handler->waiting) return {Verdict::pass(), r.content_handler};
            return {r.content_handler->plain(r), nullptr};
        }
        if (r.phase == Site::kPhases) return {no_handler(r), nullptr};
    }
}

/// Sends what is pending; a filter may replace the answer once. True: an error page began the phases anew.
bool answer(Request& r) {
    if (!r.header_sent) {
        if (auto other = r.send_header()) {
            r.pending.clear();
            if (special_response(r, *other)) return true;
            r.send_header();
        }
    }
    if (r.filter_finalize) r.keepalive = false;  // nginx closes, whatever the header it sent says
    if (!r.all_pushed() && !r.aborted && !(r.in_slices && !r.out.header_only)) r.push(r.pending, true);
    return false;
}

/// Sends what is pending in parts, each when the one before is gone: a compressed file is never whole in memory.
Task<> send_slices(Request& r) {
    constexpr std::uint64_t kSlice = 256 * 1024;
    Chain slice(r.arena);
    for (auto& piece : r.pending) {
        while (piece.in_file() && piece.size > kSlice) {
            slice.push(Piece::file(piece.fd, piece.offset, kSlice));
            piece.offset += kSlice;
            piece.size -= kSlice;
            bool sent = co_await r.send(slice, false);
            if (!sent) co_return;
            co_await net::NextTurn();  // however little a client has to wait for, the others have their turn
        }
        slice.push(piece);
    }
    r.push(slice, true);
}

}  // namespace

void Request::enter(const Location& to) {
    auto* found = &to;
    if (found->limit_except && !(found->limit_methods & (1u << static_cast<unsigned>(method)))) found = found->limit_except;
    location = found;
    records = found->records;
    if (to.content) content_handler = &to.content;
    if (found->content) content_handler = &found->content;
    if (to.kind != Location::Kind::kServer) limit_keepalive();
}

/// What the location says about keeping the connection (ngx_http_update_location_config). Not asked at server level: a
/// `return` there answers before any location is found.
void Request::limit_keepalive() {
    if (parent || !keepalive) return;
    auto& client = conf<Client>();
    auto& thread = Thread::current();
    auto age = thread.loop.unix_milliseconds() - connection.start_ms;
    bool used_up = client.keepalive_timeout->count() == 0 || connection.requests >= *client.keepalive_requests ||
                   age > client.keepalive_time->count() || thread.ends_keepalive(!connection.tls);
    bool msie_post = msie6 && method == Method::kPost && *client.keepalive_disable & 2;
    bool old_safari = safari && *client.keepalive_disable & 4;
    if (used_up || msie_post || old_safari) keepalive = false;
}

namespace {

/// nginx's way when memory has run out in the middle of a request: it is told, and ends.
void give_up(Request& r) {
    r.log(Level::kEmerg, "malloc() failed", ENOMEM);
    if (!r.main.header_sent) r.main.out.status = status::kInternal;
    r.main.out_of_memory = r.aborted = r.main.aborted = true;
    r.main.watches.notify(true);
}

void tell_loggers(Request& r) {
    try {
        for (auto* logger : r.site->loggers) logger(r);
    } catch (const std::bad_alloc&) {
        Thread::current().note_shortage();  // its line is lost
    }
}

/// From where the request stands to the end of its answer.
Task<> run_through(Request& r) {
    for (;;) {
        auto step = run(r);
        auto verdict = step.verdict;
        if (step.waiting) {
            bool content = r.phase >= Site::kContent;
            verdict = co_await step.waiting->waiting(r);
            if (!r.undecided() && verdict.kind() == Verdict::Kind::kAgain) continue;
            if (!r.undecided() && !content && take(r, verdict)) continue;
            if (!r.undecided() && r.phase == Site::kContent && verdict.passed()) continue;
        }
        if (!r.header_sent && r.take_undecided()) verdict = Verdict::status(status::kInternal);
        if (verdict.kind() == Verdict::Kind::kAgain) continue;
        int code = verdict.kind() == Verdict::Kind::kStatus ? verdict.code() : 0;
        if (verdict.passed()) code = status::kNotFound;
        if (r.aborted && (r.header_sent || code != status::kClientClosed)) break;
        if (code == status::kClose || code == status::kClientClosed || code == status::kTimeout) {
            r.error_status = r.out.status = code;
            r.aborted = r.main.aborted = true;
            break;
        }
        if (r.subrequest && r.subrequest->decide) code = r.subrequest->decide(*r.subrequest, code, r.subrequest->context);
        if (code && r.header_sent) {  // too late for another answer
            r.aborted = r.main.aborted = true;
            break;
        }
        if (code == status::kUnauthorized && r.phase == Site::kAccess && r.conf<Core>().auth_delay->count() > 0) {
            r.log(Level::kError, "delaying unauthorized request");
            bool there = co_await r.pause(static_cast<std::uint64_t>(r.conf<Core>().auth_delay->count()));
            if (!there) break;
        }
        if (code && special_response(r, code)) continue;
        if (!r.header_sent && r.body.source && !r.body.unbuffered) {
            if (!r.expect_tested) r.body.source->send_continue();
            int bad = r.body.source->discard_available();
            if (bad && !code) {  // nobody wanted the body, but it shows that the request is broken
                r.out.clear();
                if (special_response(r, bad)) continue;
            }
            if (bad) r.keepalive = false;
        }
        if (answer(r)) continue;
        if (r.in_slices && !r.all_pushed() && !r.aborted) co_await send_slices(r);
        if (r.backlog()) co_await r.drain();
        break;
    }
}

}  // namespace

Task<> serve(Request& r) {
    bool failed = false;
    try {
        co_await run_through(r);
    } catch (const std::bad_alloc&) {
        failed = true;
    }
    if (failed) give_up(r);
    if (r.subrequests) co_await Subrequest::end_all(r);
    if (r.logged && (!r.parent || *r.conf<Core>().log_subrequest))
        tell_loggers(r);
}

Task<> refuse(Request& r, int code) {
    if (special_response(r, code)) {
        co_await serve(r);
        co_return;
    }
    answer(r);
    if (r.in_slices && !r.all_pushed() && !r.aborted) co_await send_slices(r);
    if (r.backlog()) co_await r.drain();
    tell_loggers(r);
}

}  // namespace bext::http
