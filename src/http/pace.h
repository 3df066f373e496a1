// Pace: how fast an answer may go to its client (limit_rate, limit_rate_after; ngx_http_write_filter).
#pragma once

#include <cstdint>

namespace bext::http {

class Request;

/// Bytes of the answer that may be written now, when `sent` were; UINT64_MAX without a limit. 0: none before `wait_ms`.
std::uint64_t allowance(Request& request, std::uint64_t sent, std::uint64_t& wait_ms);

}  // namespace bext::http
