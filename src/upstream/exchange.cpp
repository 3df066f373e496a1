// Between the tries of an exchange, its decisions, and its end.
#include "upstream/exchange.h"

#include "http/connection.h"
#include "http/core_conf.h"
#include "http/site.h"
#include "http/subrequest.h"
#include "http/thread.h"
#include "http/uri.h"
#include "upstream/relay.h"

namespace bext::upstream {

using http::Method;
using http::Name;
using http::Verdict;

std::int64_t now_seconds() { return net::Loop::current().unix_seconds(); }

TlsPrepare& tls_prepare() {
    static TlsPrepare hook = nullptr;
    return hook;
}
TlsConnector& tls_connector() {
    static TlsConnector hook = nullptr;
    return hook;
}

Exchange::Exchange(http::Request& r, const Settings& settings, Protocol& how, std::shared_ptr<Group> group)
    : request(r), conf(settings), protocol(how), outgoing(r.arena), in(r.arena), buffering(*settings.buffering),
      group_(std::move(group)) {
    if (r.upstream) {
        states_ = r.upstream->states_;
        State between;
        between.separator = true;
        states_->push(between);
    } else {
        states_ = r.arena.make<List<State>>(r.arena);
    }
    tag = &settings;
    r.upstream = this;
}

Exchange::~Exchange() {
    if (buffer.data) pool_release(buffer.data, buffer.size);
    if (selection_.current()) selection_.release(Selection::End::kDone, now_seconds());
    close_link();
}

void Exchange::close_link() {
    if (!link_) return;
    link_->socket->on_input = nullptr;
    link_.reset();
}

/// What goes on beside this, with the body or to the client, must have ended before the exchange can, also without memory.
Task<Verdict> Exchange::run() {
    bool failed = false;
    Verdict verdict = Verdict::done();
    try {
        verdict = co_await run_through();
    } catch (const std::bad_alloc&) {
        failed = true;
    }
    if (!failed) co_return verdict;
    gone_ = true;
    if (streaming_) co_await stop_stream();
    if (relay_) co_await relay_->settle();
    finish(false);
    throw std::bad_alloc();
}

Task<Verdict> Exchange::run_through() {
    if (!protocol.create(*this) || request.undecided()) co_return Verdict::status(http::status::kInternal);
    selection_.begin(*group_, request);
    if (*conf.next_tries && selection_.tries > *conf.next_tries) selection_.tries = static_cast<int>(*conf.next_tries);
    begun_ = net::Loop::current().now();
    watch_client();
    for (;;) {
        std::uint32_t failure = gone_ ? kStatusBit | http::status::kClientClosed : 0;
        if (!failure) failure = co_await attempt();
        if (!failure) failure = co_await await_head();
        if (!failure) {
            state()->header_ms = static_cast<std::int64_t>(net::Loop::current().now() - try_begun_);
            if (in.status < 300 || !answer_means_next(failure)) break;
        }
        int status = failure & kStatusBit ? static_cast<int>(failure & ~kStatusBit) : next(failure);
        if (!status) continue;
        if (streaming_) co_await stop_stream();
        co_return fail(status);
    }
    if (streaming_) co_await stop_stream();
    co_return co_await answer();
}

void Exchange::begin_state() {
    end_state();
    try_begun_ = net::Loop::current().now();
    states_->push({});
}

/// The try is over: its time is taken, and what the peer did is counted.
void Exchange::end_state() {
    if (states_->empty() || state()->separator || state()->response_ms != -1) return;
    auto& last = *state();
    last.response_ms = static_cast<std::int64_t>(net::Loop::current().now() - try_begun_);
    if (link_) last.bytes_sent = link_->stream().sent - link_sent_;
    if (!std::exchange(asked_, false) || (gone_ && last.header_ms == -1)) return;
    Observation what{last.status, last.header_ms == -1, static_cast<std::uint64_t>(last.response_ms), last.bytes_sent, last.bytes_received};
    http::Thread::current().count(series_, what);
}

void Exchange::restart() {
    protocol.restart(*this);
    in.clear();
    buffer.begin = buffer.end = 0;
    keepalive = upgrade = broken = eager = eof_ = head_done_ = false;
    length = -1;
    sending_ = 0;
    sent_part_ = 0;
}

namespace {

std::uint32_t failure_of(int status) {
    switch (status) {
        case 500: return kHttp500;
        case 502: return kHttp502;
        case 503: return kHttp503;
        case 504: return kHttp504;
        case 403: return kHttp403;
        case 404: return kHttp404;
        case 429: return kHttp429;
        default: return 0;
    }
}

int status_of(std::uint32_t failure) {
    switch (failure) {
        case kTimeout: case kHttp504: return http::status::kGatewayTimeout;
        case kHttp500: return http::status::kInternal;
        case kHttp503: return http::status::kUnavailable;
        case kHttp403: return http::status::kForbidden;
        case kHttp404: return http::status::kNotFound;
        case kHttp429: return http::status::kTooManyRequests;
        default: return http::status::kBadGateway;
    }
}

}  // namespace

bool Exchange::may_try_again(std::uint32_t failure) const {
    bool repeats = request.method == Method::kPost || request.method == Method::kLock || request.method == Method::kPatch;
    if (request_sent_ && repeats) failure |= kNonIdempotent;
    if ((*conf.next & failure) != failure) return false;
    if (request_sent_ && streams_body()) return false;
    auto limit = static_cast<std::uint64_t>(conf.next_timeout->count());
    return !limit || net::Loop::current().now() - begun_ < limit;
}

/// A try failed: what that means for the peer. 0 when another one is to be asked, else the status to answer with.
int Exchange::next(std::uint32_t failure) {
    if (selection_.current()) {
        if (link_) state()->bytes_sent = link_->stream().sent - link_sent_;
        bool harmless = failure == kHttp403 || failure == kHttp404;
        bool disabled = selection_.release(harmless ? Selection::End::kNext : Selection::End::kFailed, now_seconds());
        if (disabled) log(Level::kWarn, "upstream server temporarily disabled");
    }
    if (failure == kTimeout) log(Level::kError, "upstream timed out", ETIMEDOUT);
    if (link_ && link_->reused && failure == kError) ++selection_.tries;
    if (gone_) return http::status::kClientClosed;
    int status = status_of(failure);
    state()->status = status;
    if (selection_.tries == 0 || !may_try_again(failure)) return status;
    close_link();
    return 0;
}

/// Whether the answer's status sends the request to another peer.
bool Exchange::answer_means_next(std::uint32_t& failure) const {
    failure = failure_of(in.status);
    bool again = failure && selection_.tries > 1 && may_try_again(failure);
    if (!again) failure = 0;
    return again;
}

bool Exchange::intercepted() const {
    if (!*conf.intercept_errors || in.status < 300) return false;
    auto& pages = *request.conf<http::Core>().error_pages;
    if (!pages) return false;
    for (auto& page : *pages)
        if (page.code == in.status) return true;
    return false;
}

Verdict Exchange::fail(int status) {
    finish(false);
    return Verdict::status(status);
}

/// The upstream is done with: times are taken, the connection is kept or closed.
void Exchange::finish(bool complete) {
    if (std::exchange(finished_, true)) return;
    watch_.leave();
    end_state();
    if (selection_.current()) selection_.release(Selection::End::kDone, now_seconds());
    auto& kept = group_->keepalive;
    bool keep = complete && link_ && keepalive && body_sent_ && !eof_ && link_->requests < kept.requests &&
                static_cast<std::int64_t>(net::Loop::current().now() - link_->begun) <= kept.time_ms && !http::Thread::current().draining;
    auto* pool = keep ? IdlePool::of(*group_) : nullptr;
    if (pool) {
        link_->socket->on_input = nullptr;
        pool->keep(std::move(link_), kept, tag);
    }
    close_link();
    request.log_action = "sending to client";
}

Task<Verdict> Exchange::answer() {
    if (intercepted()) {
        if (in.status == http::status::kUnauthorized)
            for (auto& h : in.headers) {
                if (h.known != Name::kWwwAuthenticate) continue;
                request.out.headers.add(h.name, h.value, h.known);
                if (!compatible::keeps_all_challenges(request.site->nginx)) break;
            }
        finish(true);
        co_return Verdict::status(in.status);
    }
    if (in.headers.has(Name::kXAccelRedirect) && !(*conf.ignore_headers & kIgnoreRedirect)) co_return redirect();
    relay_headers(*this);
    if (auto other = request.send_header()) {
        finish(true);
        co_return Verdict::status(*other);
    }
    if (!upgrade && request.out.header_only) {
        // What came with the head of a 204 or 304 is not sent, and counted; an answer to HEAD has no length.
        if (request.method != Method::kHead) state()->response_length += buffer.unused().size();
        finish(true);
        co_return Verdict::done();
    }
    co_return co_await relay_body();
}

/// X-Accel-Redirect: another location answers, with some of the headers.
Verdict Exchange::redirect() {
    auto& r = request;
    auto action = r.log_action;
    finish(true);
    r.log_action = action;  // a named location's lines still have it
    relay_redirect_headers(*this);
    auto uri = in.headers.value(Name::kXAccelRedirect);
    if (uri.starts_with('@')) return r.redirect_named(uri) ? Verdict::again() : Verdict::status(http::status::kInternal);
    std::string_view args;
    if (!http::parse_unsafe_uri(uri, args, r.arena)) {
        log(Level::kError, cat({"unsafe URI \"", uri, "\" was detected"}));
        return Verdict::status(http::status::kNotFound);
    }
    if (r.method != Method::kHead) {
        r.method = Method::kGet;
        r.method_name = "GET";
    }
    return r.redirect(uri, args) ? Verdict::again() : Verdict::status(http::status::kInternal);
}

void Exchange::watch_client() {
    auto& main = request.main;
    bool alone = *conf.ignore_client_abort || (request.subrequest && request.subrequest->in_background());
    watch_.join(main.watches, &Exchange::client_gone, this, alone);
    if (!alone && main.sink->gone() && !main.body.source) client_gone(this);
}

void Exchange::client_gone(void* self) {
    auto& x = *static_cast<Exchange*>(self);
    if (x.gone_ || x.finished_) return;
    x.gone_ = true;
    x.log(Level::kInfo, x.link_ ? "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too"
                                : "epoll_wait() reported that client prematurely closed connection");
    x.wake();
}

/// Lets the coroutine that waits for the peer, or for something else, look again. It may end the exchange.
void Exchange::wake() {
    if (gate_.waiting()) return gate_.open(net::Wait::kCancelled);
    if (link_) link_->stream().cancel();
}

}  // namespace bext::upstream
