// The way out of a request: header filters, body filters, sink.
#include "http/connection.h"
#include "http/request.h"
#include "http/site.h"
#include "net/loop.h"

namespace bext::http {
namespace {

/// Statuses that never have a body (ngx_http_chunked_header_filter).
bool bodiless(int status) { return status == 304 || status == 204 || status < 200; }

void decide_framing(Request& request) {
    auto& out = request.out;
    if (&request != &request.main) return;
    if (request.method == Method::kHead) out.header_only = true;
    if (out.status == status::kNotModified || out.status == status::kNoContent) out.header_only = true;
    if (bodiless(out.status) || request.method == Method::kHead || request.http_version < 1000) return;
    if (out.content_length >= 0 && !out.trailers) return;
    if (out.headers.has(Name::kContentLength) && !out.trailers) return;
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
    for (auto* filter : site->header_filters) {
        auto other = filter(*this);
        if (!other || filter_finalize) continue;  // an answer is replaced once
        filter_finalize = *other != status::kRangeNotSatisfiable;
        filters_ = nullptr;
        last_filter_ = &filters_;
        if (*other != status::kRangeNotSatisfiable) out.clear();  // 416 keeps its Content-Range
        return other;
    }
    decide_framing(*this);
    header_sent = true;
    sink->header(*this);
    return std::nullopt;
}

void Request::add_filter(BodyFilter* filter) {
    *last_filter_ = filter;
    last_filter_ = &filter->next;
}

bool Request::push(Chain& chain, bool last, bool flush) {
    if (aborted || ended) return !aborted;
    if (out.header_only || discard_output) {
        chain.clear();
        if (!last && !flush) return true;
        ended = last;
        return sink->body(*this, chain, last, flush);
    }
    for (auto* filter = filters_; filter; filter = filter->next)
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

Task<bool> Request::drain() {
    if (!sink->backlog()) co_return !aborted;
    bool alive = co_await sink->drain(*this);
    if (!alive) aborted = true;
    co_return alive;
}

Task<bool> Request::pause(std::uint64_t milliseconds) {
    struct Pause {
        net::Sleep sleep;
        bool gone = false;
    } pause{net::Sleep(milliseconds)};
    auto* before = main.on_abort;
    auto* before_context = main.abort_context;
    main.abort_context = &pause;
    main.on_abort = [](void* context) {
        auto& waiting = *static_cast<Pause*>(context);
        waiting.gone = true;
        waiting.sleep.wake();
    };
    co_await pause.sleep;
    main.on_abort = before;
    main.abort_context = before_context;
    if (!pause.gone) co_return true;
    log(Level::kInfo, "client prematurely closed connection");
    aborted = true;
    if (!header_sent) out.status = error_status = status::kClientClosed;
    co_return false;
}

Task<bool> Request::send(Chain& chain, bool last, bool flush) {
    if (!push(chain, last, flush)) co_return false;
    if (!sink->backlog()) co_return true;
    co_return co_await drain();
}

}  // namespace bext::http
