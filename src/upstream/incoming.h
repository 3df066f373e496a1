// Incoming: the head of an upstream's answer, with what nginx makes of each known header (ngx_http_upstream_headers_in).
#pragma once

#include <ctime>

#include "http/request.h"

namespace bext::upstream {

class Exchange;

struct Incoming {
    explicit Incoming(Arena& arena) : headers(arena), trailers(arena) {}

    http::Headers headers;  ///< in the order in which they came, without ignored duplicates
    http::Headers trailers;
    int status = 0;
    std::string_view status_line;
    std::int64_t content_length = -1;
    std::time_t last_modified = -1;
    bool connection_close = false;
    bool chunked = false;

    void clear();
    /// Takes a header line. False when it makes the answer invalid (logged).
    bool take(Exchange& exchange, std::string_view name, std::string_view value);

private:
    void take_framing(http::Name known, std::string_view value);
    bool take_length(Exchange& exchange, std::string_view name, std::string_view value);
    bool take_encoding(Exchange& exchange, std::string_view name, std::string_view value);
};

/// Copies what may be relayed into the request's answer (ngx_http_upstream_process_headers).
void relay_headers(Exchange& exchange);
/// The trailers that came behind the body (proxy_pass_trailers).
void relay_trailers(Exchange& exchange);
/// The same for an answer with X-Accel-Redirect: only what survives the redirect.
void relay_redirect_headers(Exchange& exchange);

}  // namespace bext::upstream
