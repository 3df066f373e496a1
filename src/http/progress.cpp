#include "http/progress.h"

#include "http/request.h"
#include "http/thread.h"

namespace bext::http {
namespace {

char* put_three_digits(char* out, std::uint64_t value) {
    if (value < 100) *out++ = '0';
    if (value < 10) *out++ = '0';
    return put_decimal(out, value);
}

}  // namespace

std::uint64_t bytes_sent(const Request& r) { return r.main.sink->sent(r.main); }

std::uint64_t body_bytes_sent(const Request& r) {
    auto all = bytes_sent(r);
    return all > r.header_size ? all - r.header_size : 0;
}

std::uint64_t elapsed_ms(const Request& r) {
    auto ms = Thread::current().loop.unix_milliseconds() - r.start_ms;
    return ms > 0 ? static_cast<std::uint64_t>(ms) : 0;
}

int final_status(const Request& r) { return r.error_status ? r.error_status : r.out.status; }

void count_response(const Request& r) {
    auto hundreds = r.out.status / 100;
    if (hundreds >= 1 && hundreds <= 5)
        Thread::current().figures.add(static_cast<Tally>(static_cast<int>(Tally::kStatus1xx) + hundreds - 1));
}

char* put_status(char* out, const Request& r) {
    int code = final_status(r);
    if (!code && r.http_version == 9) code = 9;
    return put_three_digits(out, static_cast<std::uint64_t>(code));
}

char* put_seconds(char* out, std::uint64_t milliseconds) {
    out = put_decimal(out, milliseconds / 1000);
    *out++ = '.';
    return put_three_digits(out, milliseconds % 1000);
}

}  // namespace bext::http
