// Dates as nginx writes and reads them.
#include "http/dates.h"

#include <gtest/gtest.h>

#include <string>

namespace bext::http {
namespace {

template <class Put, class... Zone>
std::string text(Put put, std::int64_t time, Zone... zone) {
    char buffer[64];
    return std::string(buffer, put(buffer, time, zone...));
}

constexpr std::int64_t kExample = 784111777;  // 1994-11-06 08:49:37

TEST(Dates, Http) {
    EXPECT_EQ(text(put_http_date, kExample), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(text(put_http_date, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(text(put_http_date, -5), "Thu, 01 Jan 1970 00:00:00 GMT");
    EXPECT_EQ(text(put_http_date, 951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
    EXPECT_EQ(text(put_http_date, INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    EXPECT_EQ(text(put_http_date, kExample).size(), kHttpDate);
}

TEST(Dates, Cookie) {
    EXPECT_EQ(text(put_cookie_date, 2145916555), "Thu, 31-Dec-37 23:55:55 GMT");
    EXPECT_EQ(text(put_cookie_date, 2145916800), "Fri, 01-Jan-2038 00:00:00 GMT");
    EXPECT_EQ(text(put_cookie_date, kExample), "Sun, 06-Nov-94 08:49:37 GMT");
    EXPECT_EQ(text(put_cookie_date, INT64_MAX).size(), kCookieDate);
}

TEST(Dates, Logs) {
    EXPECT_EQ(text(put_log_date, kExample, 0), "06/Nov/1994:08:49:37 +0000");
    EXPECT_EQ(text(put_log_date, kExample, 330), "06/Nov/1994:14:19:37 +0530");
    EXPECT_EQ(text(put_log_date, kExample, -600), "05/Nov/1994:22:49:37 -1000");
    EXPECT_EQ(text(put_iso_date, kExample, 60), "1994-11-06T09:49:37+01:00");
    EXPECT_EQ(text(put_iso_date, kExample, -30), "1994-11-06T08:19:37-00:30");
    EXPECT_EQ(text(put_error_date, kExample, 0), "1994/11/06 08:49:37");
    EXPECT_EQ(text(put_syslog_date, kExample, 0), "Nov  6 08:49:37");
    EXPECT_EQ(text(put_syslog_date, kExample + 864000, 0), "Nov 16 08:49:37");
    EXPECT_EQ(text(put_log_date, 0, 0).size(), kLogDate);
    EXPECT_EQ(text(put_iso_date, 0, 0).size(), kIsoDate);
    EXPECT_EQ(text(put_error_date, 0, 0).size(), kErrorDate);
    EXPECT_EQ(text(put_syslog_date, 0, 0).size(), kSyslogDate);
}

TEST(Dates, Read) {
    for (const auto date :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
          "Sun Nov 06 08:49:37 1994", "X,06 Nov 1994 08:49:37", ",   06 Nxx 1994 08:49:37!", "Sun Nov 6 08:49:37 1994"})
        EXPECT_EQ(parse_http_date(date), kExample) << date;
    EXPECT_EQ(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    EXPECT_EQ(parse_http_date("Wed, 31 Dec 1969 23:59:59 GMT"), -1);
    EXPECT_EQ(parse_http_date("Tue, 29 Feb 2000 00:00:00 GMT"), 951782400);
    EXPECT_EQ(parse_http_date("Fri, 31-Dec-99 23:59:59 GMT"), 946684799);
    EXPECT_EQ(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT"), 253402300799);
}

TEST(Dates, ReadNothing) {
    for (const auto date : {"", ",", " ", "Sun", "Sun, ", "06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
                            "Sun, 06 Xov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:3", "Sun, 06 Nov 94 08:49:37 GMT",
                            "Sun, 06-Nov-1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
                            "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 29 Feb 1994 08:49:37 GMT",
                            "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
                            "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 06 Nov 1994 08-49-37 GMT", "Sun Nov  6 08:49:37 94",
                            "Sun Nov 66 08:49:37 1994", "Sun Nov    6 08:49:37 1994", "Sun, 06 Nov-1994 08:49:37 GMT"})
        EXPECT_EQ(parse_http_date(date), std::nullopt) << date;
}

TEST(Dates, EveryDayAndBack) {
    for (std::int64_t day = 0; day < 2932897; day += 61) {
        const std::int64_t time = day * 86400 + day % 86400;
        EXPECT_EQ(parse_http_date(text(put_http_date, time)), time);
    }
}

}  // namespace
}  // namespace bext::http
