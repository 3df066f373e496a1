// Dates as HTTP, cookies and logs write them, and nginx's reading of HTTP dates (RFC 9110, section 5.6.7).
#include "http/dates.h"

#include <chrono>
#include <cstring>

#include "base/text.h"

namespace bext::http {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

struct Calendar {
    unsigned year, month, day, weekday, hour, minute, second;  // month from 1, weekday from Sunday
};

Calendar calendar(std::int64_t time) {
    constexpr std::int64_t kLastSecond = 253402300799;  // 9999-12-31 23:59:59
    using namespace std::chrono;
    if (time < 0) time = 0;
    if (time > kLastSecond) time = kLastSecond;
    const sys_days date{days{time / 86400}};
    const year_month_day ymd{date};
    const auto second = static_cast<unsigned>(time % 86400);
    return {static_cast<unsigned>(static_cast<int>(ymd.year())), static_cast<unsigned>(ymd.month()),
            static_cast<unsigned>(ymd.day()), weekday{date}.c_encoding(), second / 3600, second / 60 % 60, second % 60};
}

class Writer {
public:
    explicit Writer(char* out) : out_(out) {}
    Writer& two(unsigned number) {
        *out_++ = static_cast<char>('0' + number / 10);
        *out_++ = static_cast<char>('0' + number % 10);
        return *this;
    }
    Writer& four(unsigned number) { return two(number / 100).two(number % 100); }
    Writer& put(char c) {
        *out_++ = c;
        return *this;
    }
    Writer& put(std::string_view text) {
        std::memcpy(out_, text.data(), text.size());
        out_ += text.size();
        return *this;
    }
    Writer& day_name(const Calendar& c) { return put(kDays.substr(c.weekday * 3, 3)); }
    Writer& month_name(const Calendar& c) { return put(kMonths.substr((c.month - 1) * 3, 3)); }
    Writer& clock(const Calendar& c) { return two(c.hour).put(':').two(c.minute).put(':').two(c.second); }
    Writer& zone(int offset, std::string_view between) {
        const auto minutes = static_cast<unsigned>(offset < 0 ? -offset : offset);
        return put(offset < 0 ? '-' : '+').two(minutes / 60).put(between).two(minutes % 60);
    }
    char* end() const { return out_; }

private:
    char* out_;
};

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}
    std::size_t left() const { return text_.size(); }
    char peek() const { return text_.empty() ? '\0' : text_[0]; }
    void skip(std::size_t count) { text_.remove_prefix(count < text_.size() ? count : text_.size()); }
    bool take(char c) {
        if (peek() != c) return false;
        skip(1);
        return true;
    }
    bool digits(std::size_t count, unsigned& number) {
        if (text_.size() < count) return false;
        number = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (!is_digit(text_[i])) return false;
            number = number * 10 + static_cast<unsigned>(text_[i] - '0');
        }
        skip(count);
        return true;
    }
    bool clock(Calendar& c) {
        return digits(2, c.hour) && take(':') && digits(2, c.minute) && take(':') && digits(2, c.second);
    }
    // As nginx, which looks at no more letters than it needs to tell the months apart.
    bool month(unsigned& month) {
        if (text_.size() < 3) return false;
        const char second = text_[1];
        const char third = text_[2];
        switch (text_[0]) {
            case 'J': month = second == 'a' ? 1 : third == 'n' ? 6 : 7; break;
            case 'F': month = 2; break;
            case 'M': month = third == 'r' ? 3 : 5; break;
            case 'A': month = second == 'p' ? 4 : 8; break;
            case 'S': month = 9; break;
            case 'O': month = 10; break;
            case 'N': month = 11; break;
            case 'D': month = 12; break;
            default: return false;
        }
        skip(3);
        return true;
    }

private:
    std::string_view text_;
};

// "06 Nov 1994 08:49:37" or "06-Nov-94 08:49:37".
bool read_usual(Reader& in, Calendar& c) {
    if (!in.digits(2, c.day)) return false;
    const bool old = in.peek() == '-';
    const char separator = old ? '-' : ' ';
    if (!old && in.left() < 18) return false;
    if (!in.take(separator) || !in.month(c.month) || !in.take(separator)) return false;
    if (!in.digits(old ? 2 : 4, c.year)) return false;
    if (old) c.year += c.year < 70 ? 2000 : 1900;
    return in.take(' ') && in.clock(c);
}

// "Nov  6 08:49:37 1994", what asctime() writes.
bool read_asctime(Reader& in, Calendar& c) {
    if (!in.month(c.month)) return false;
    in.skip(1);
    in.take(' ');
    if (!in.digits(1, c.day)) return false;
    unsigned second = 0;
    if (in.peek() != ' ') {
        if (!in.digits(1, second)) return false;
        c.day = c.day * 10 + second;
    }
    return in.take(' ') && in.clock(c) && in.take(' ') && in.digits(4, c.year);
}

bool exists(const Calendar& c) {
    constexpr unsigned kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c.hour > 23 || c.minute > 59 || c.second > 59) return false;
    if (c.day == 29 && c.month == 2) return c.year % 4 == 0 && (c.year % 100 != 0 || c.year % 400 == 0);
    return c.day <= kLengths[c.month - 1];
}

}  // namespace

char* put_http_date(char* out, std::int64_t time) {
    const Calendar c = calendar(time);
    Writer to(out);
    to.day_name(c).put(", ").two(c.day).put(' ').month_name(c).put(' ').four(c.year).put(' ').clock(c).put(" GMT");
    return to.end();
}

char* put_cookie_date(char* out, std::int64_t time) {
    const Calendar c = calendar(time);
    Writer to(out);
    to.day_name(c).put(", ").two(c.day).put('-').month_name(c).put('-');
    // As nginx: Netscape 3 knew two digits only, and no years after 37.
    if (c.year > 2037)
        to.four(c.year);
    else
        to.two(c.year % 100);
    return to.put(' ').clock(c).put(" GMT").end();
}

char* put_log_date(char* out, std::int64_t time, int offset) {
    const Calendar c = calendar(time + offset * 60);
    Writer to(out);
    to.two(c.day).put('/').month_name(c).put('/').four(c.year).put(':').clock(c).put(' ').zone(offset, "");
    return to.end();
}

char* put_iso_date(char* out, std::int64_t time, int offset) {
    const Calendar c = calendar(time + offset * 60);
    Writer to(out);
    to.four(c.year).put('-').two(c.month).put('-').two(c.day).put('T').clock(c).zone(offset, ":");
    return to.end();
}

char* put_error_date(char* out, std::int64_t time, int offset) {
    const Calendar c = calendar(time + offset * 60);
    return Writer(out).four(c.year).put('/').two(c.month).put('/').two(c.day).put(' ').clock(c).end();
}

char* put_syslog_date(char* out, std::int64_t time, int offset) {
    const Calendar c = calendar(time + offset * 60);
    Writer to(out);
    to.month_name(c).put(' ').put(c.day < 10 ? ' ' : static_cast<char>('0' + c.day / 10));
    return to.put(static_cast<char>('0' + c.day % 10)).put(' ').clock(c).end();
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
    constexpr std::size_t kShortest = 18;  // "10-Dec-02 23:50:13"
    const std::size_t name = text.find_first_of(", ");
    if (name == text.npos) return {};
    Reader in(text.substr(name + 1));
    while (in.take(' ')) {
    }
    if (in.left() < kShortest) return {};
    Calendar c{};
    const bool read = text[name] == ',' ? read_usual(in, c) : read_asctime(in, c);
    if (!read || !exists(c)) return {};

    using namespace std::chrono;
    const sys_days month_begin = year(static_cast<int>(c.year)) / month(c.month) / day(1);
    const std::int64_t days = month_begin.time_since_epoch().count() + static_cast<std::int64_t>(c.day) - 1;
    return days * 86400 + c.hour * 3600 + c.minute * 60 + c.second;
}

}  // namespace bext::http
