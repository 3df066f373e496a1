// The way out of a request: header filters, body filters, sink.
#include "http/connection.h"
#include "http/request.h"
#include "http/site.h"
#include "http/subrequest.h"
#include "net/loop.h"

namespace bext::http {
namespace {

/// Statuses that never have a body (ngx_http_chunked_header_filter).
bool bodiless(int status) { return status == 304 || status == 204 || status < 200; }

void decide_framing(Request& request) {
    auto& out = request.out;
    if (request.parent) {
        if (request.discard_output) out.header_only = true;
        return;
    }
    if (request.method == Method::kHead) out.header_only = true;
    if (out.status == status::kNotModified || out.status == status::kNoContent) out.header_only = true;
    if (bodiless(out.status) || request.method == Method::kHead || request.http_version < 1000) return;
    if (out.content_length >= 0 && !out.trailers) return;
    if (out.headers.has(Name::kContentLength) && !out.trailers) return;
    if (request.sink->delimits()) return;
    if (request.http_version >= 1001 && request.chunked_allowed()) {
        out.chunked = true;
        out.clear_content_length();
    }
    else if (out.content_length < 0)
        request.keepalive = false;
}

}  // namespace

std::optional<int> Request::send_header() {
    if (header_sent) return std::nullopt;
    if (error_status) {
        out.status = error_status;
        out.status_line = {};
    }
    if (take_undecided()) return replace_answer(status::kInternal);
    for (auto* filter : site->header_filters) {
        auto other = filter(*this);
        if (take_undecided()) return replace_answer(status::kInternal);
        if (!other || filter_finalize) continue;  // an answer is replaced once
        filter_finalize = *other != status::kRangeNotSatisfiable;
        return replace_answer(*other);
    }
    decide_framing(*this);
    header_sent = true;
    sink->header(*this);
    return std::nullopt;
}

/// Forgets the answer that was about to be sent, for another with that status.
int Request::replace_answer(int code) {
    filters_ = whole_filters_ = nullptr;
    last_filter_ = &filters_;
    last_whole_filter_ = &whole_filters_;
    in_slices = false;
    if (code != status::kRangeNotSatisfiable) out.clear();  // that keeps its Content-Range
    return code;
}

void Request::add_filter(BodyFilter* filter) {
    *last_filter_ = filter;
    last_filter_ = &filter->next;
}

void Request::add_whole_filter(BodyFilter* filter) {
    *last_whole_filter_ = filter;
    last_whole_filter_ = &filter->next;
}

bool Request::push(Chain& chain, bool last, bool flush) {
    if (aborted || all_pushed_) return !aborted;
    all_pushed_ = last;
    if (!chain.empty()) output_begun = true;
    if (out.header_only || discard_output) {
        chain.clear();
        return (!last && !flush) || hand_on(chain, last, flush);
    }
    return filter(filters_, chain, last, flush);
}

/// Runs the filters from that one on; what comes out is handed on, or postponed.
bool Request::filter(BodyFilter* from, Chain& chain, bool last, bool flush) {
    for (auto* filter = from; filter; filter = filter->next) {
        if (!filter->pass(*this, chain, last, flush)) {
            log(Level::kError, "the response could not be completed by a filter");
            aborted = main.aborted = true;
            return false;
        }
        if (!filter->holding) continue;
        postponed_->holder = filter;
        postponed_->holder_last = last;
        last = false;
    }
    if (chain.empty() && !last && !flush) return true;
    if (!postponed_ || postponed_->may_pass(*this, chain)) return hand_on(chain, last, flush);
    postponed_->add(chain, last, flush);
    chain.clear();
    return true;
}

/// The filters of the whole body, then the sink. An answer without a body has none that they could change, or add to.
bool Request::hand_on(Chain& chain, bool last, bool flush) {
    if (out.header_only) chain.clear();
    for (auto* filter = out.header_only ? nullptr : whole_filters_; filter; filter = filter->next)
        if (!filter->pass(*this, chain, last, flush)) {
            log(Level::kError, "the response could not be completed by a filter");
            aborted = true;
            return false;
        }
    if (chain.empty() && !last && !flush) return true;
    ended = last;
    if (!sink->body(*this, chain, last, flush)) aborted = true;
    chain.clear();
    return !aborted;
}

bool Request::backlog() const { return (postponed_ && postponed_->waiting(*this)) || sink->backlog(); }

Task<bool> Request::drain() {
    if (postponed_) {
        bool good = co_await postponed_->drain(*this);
        if (!good) co_return false;
    }
    if (!sink->backlog()) co_return !aborted;
    bool alive = co_await sink->drain(*this);
    if (!alive) aborted = true;
    co_return alive;
}

Task<bool> Request::pause(std::uint64_t milliseconds) {
    struct Pause {
        net::Sleep sleep;
        AbortWatch watch;
        bool gone = false;
        explicit Pause(std::uint64_t milliseconds) : sleep(milliseconds) {}
    } pause(milliseconds);
    auto wake = [](void* context) {
        auto& waiting = *static_cast<Pause*>(context);
        waiting.gone = true;
        waiting.sleep.wake();
    };
    pause.watch.join(main.watches, wake, &pause);
    co_await pause.sleep;
    pause.watch.leave();
    if (!pause.gone) co_return true;
    log(Level::kInfo, "client prematurely closed connection");
    aborted = true;
    if (!header_sent) out.status = error_status = status::kClientClosed;
    co_return false;
}

Task<bool> Request::send(Chain& chain, bool last, bool flush) {
    if (!push(chain, last, flush)) co_return false;
    if (!backlog()) co_return true;
    co_return co_await drain();
}

}  // namespace bext::http
