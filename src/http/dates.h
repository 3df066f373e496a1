// Dates as HTTP, cookies and logs write them, and nginx's reading of HTTP dates: ngx_http_time, ngx_http_cookie_time,
// ngx_parse_http_time (RFC 9110, section 5.6.7). Times are seconds since 1970 in UTC; those before 1970 are written as
// 1970, those after the year 9999 as its last second, as nginx does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bext::http {

inline constexpr std::size_t kHttpDate = 29;    ///< bytes of "Sun, 06 Nov 1994 08:49:37 GMT"
inline constexpr std::size_t kCookieDate = 29;  ///< bytes of "Sun, 06-Nov-2094 08:49:37 GMT", two less up to 2037
inline constexpr std::size_t kLogDate = 26;     ///< bytes of "21/Nov/2026:04:42:12 +0000"
inline constexpr std::size_t kIsoDate = 25;     ///< bytes of "2026-11-21T04:42:12+00:00"
inline constexpr std::size_t kErrorDate = 19;   ///< bytes of "2026/11/21 04:42:12"
inline constexpr std::size_t kSyslogDate = 15;  ///< bytes of "Nov 21 04:42:12"

/// Writes "Sun, 06 Nov 1994 08:49:37 GMT" (Date, Last-Modified, Expires); returns the end, as all of these.
char* put_http_date(char* out, std::int64_t time);

/// Writes "Thu, 31-Dec-37 23:55:55 GMT", with four digits of the year from 2038 on (Set-Cookie's expires).
char* put_cookie_date(char* out, std::int64_t time);

/// Writes $time_local for a zone `offset` minutes east of UTC.
char* put_log_date(char* out, std::int64_t time, int offset);

/// Writes $time_iso8601 for a zone `offset` minutes east of UTC.
char* put_iso_date(char* out, std::int64_t time, int offset);

/// Writes the error log's date for a zone `offset` minutes east of UTC.
char* put_error_date(char* out, std::int64_t time, int offset);

/// Writes syslog's date (RFC 3164) for a zone `offset` minutes east of UTC.
char* put_syslog_date(char* out, std::int64_t time, int offset);

/// Reads "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or "Sun Nov  6 08:49:37 1994"; the name of
/// the day and what follows the time are not looked at.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace bext::http
