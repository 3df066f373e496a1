// How far an answer has come, as variables and logs show it: status, bytes, time.
#pragma once

#include <cstdint>

namespace bext::http {

class Request;

/// Bytes written to the client for this request, and those behind the response header.
std::uint64_t bytes_sent(const Request& request);
std::uint64_t body_bytes_sent(const Request& request);

/// Milliseconds since the request's first byte.
std::uint64_t elapsed_ms(const Request& request);

/// The status that the request ends with, whatever an error page makes of it; 0 without one.
int final_status(const Request& request);

/// Counts the answer by its class of status.
void count_response(const Request& request);

/// Writes $status, three digits at least (10 bytes at most); returns the end.
char* put_status(char* out, const Request& request);

/// Writes milliseconds as "12.345" (24 bytes at most); returns the end.
char* put_seconds(char* out, std::uint64_t milliseconds);

}  // namespace bext::http
