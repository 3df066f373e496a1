// userid: a cookie that tells clients apart.
// https://nginx.org/en/docs/http/ngx_http_userid_module.html
#include <arpa/inet.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include "http/builder.h"
#include "http/connection.h"
#include "http/dates.h"
#include "http/escape.h"
#include "http/thread.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

enum class Mode : std::uint8_t { kOff, kLog, kV1, kOn };
enum Flag : std::uint32_t { kFlagsOff = 2, kSecure = 4, kHttpOnly = 8, kStrict = 32, kLax = 64, kNone = 128 };

constexpr std::int64_t kForever = 2145916555;  // 31 Dec 2037 23:55:55

struct Conf {
    conf::Setting<Mode> mode{Mode::kOff};
    conf::Setting<std::uint32_t> flags{kFlagsOff};
    conf::Setting<std::int64_t> service{-1};
    conf::Setting<std::string> name{"uid"};
    conf::Setting<std::string> domain;             // "; domain=example.com"
    conf::Setting<std::string> path{"; path=/"};
    conf::Setting<std::string> p3p;
    conf::Setting<std::int64_t> expires{0};
    conf::Setting<char> mark{'\0'};
};

using Uid = std::uint32_t[4];
struct State {
    Uid got{}, set{};
    std::string_view cookie;
    bool reset = false;
};

/// The value of the cookie `name`, and the field it stands in (ngx_http_parse_cookie_lines).
std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name, std::string_view& field) {
    for (auto& header : headers) {
        if (header.gone || header.known != Name::kCookie) continue;
        for (auto item : split(header.value, ';')) {
            item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
            if (!istarts_with(item, name)) continue;
            item.remove_prefix(name.size());
            item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
            if (!item.starts_with('=')) continue;
            item.remove_prefix(1);
            item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
            field = header.value;
            return item;
        }
    }
    return std::nullopt;
}

State& state_of(Request& r, const Conf& conf) {
    auto*& state = r.context<State>();
    if (state) return *state;
    state = r.arena.make<State>();
    std::string_view field;
    auto cookie = find_cookie(r.in, *conf.name, field);
    if (!cookie) return *state;
    state->cookie = *cookie;
    if (cookie->size() < 22) {
        r.log(Level::kError, r.arena.cat({"client sent too short userid cookie \"", field, "\""}));
        return *state;
    }
    // 22 characters hold the 16 bytes; what follows may be a mark or garbage.
    auto bytes = decode_base64(cookie->substr(0, 22));
    if (bytes) std::memcpy(state->got, bytes->data(), std::min(bytes->size(), sizeof state->got));
    else r.log(Level::kError, r.arena.cat({"client sent invalid userid cookie \"", field, "\""}));
    return *state;
}

std::string_view text_of(Request& r, const Conf& conf, const Uid& uid) {
    char text[40];
    snprintf(text, sizeof text, "=%08X%08X%08X%08X", uid[0], uid[1], uid[2], uid[3]);
    return r.arena.cat({*conf.name, text});
}

/// Different in every process: part of the microseconds and the process's number.
std::uint32_t start_value() {
    static const std::uint32_t value = [] {
        auto now = std::chrono::system_clock::now().time_since_epoch();
        auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count() % 1000000;
        return static_cast<std::uint32_t>(micros / 20) << 16 | static_cast<std::uint32_t>(::getpid());
    }();
    return value;
}

void make_uid(Request& r, const Conf& conf, Uid& uid) {
    static std::atomic<std::uint32_t> next_v1{1}, next_v2{0x03030302};
    auto now = static_cast<std::uint32_t>(Thread::current().loop.unix_seconds());
    auto service = *conf.service;
    if (*conf.mode == Mode::kV1) {
        uid[0] = service == -1 ? 0 : static_cast<std::uint32_t>(service);
        uid[1] = now;
        uid[2] = start_value();
        uid[3] = next_v1.fetch_add(0x100, std::memory_order_relaxed);
        return;
    }
    uid[0] = htonl(static_cast<std::uint32_t>(service));
    if (service == -1) {  // the last four bytes of the address that the client came to
        auto bytes = r.connection.local_address().bytes();
        uid[0] = 0;
        if (bytes.size() >= 4) std::memcpy(&uid[0], bytes.data() + bytes.size() - 4, 4);
    }
    uid[1] = htonl(now);
    uid[2] = htonl(start_value());
    auto number = next_v2.fetch_add(0x100, std::memory_order_relaxed);
    uid[3] = htonl(number < 0x03030302 ? number + 0x03030302 : number);
}

void decide_uid(Request& r, State& state, const Conf& conf) {
    if (state.set[3] != 0) return;
    if (state.got[3] != 0) {
        auto reset = r.variable("uid_reset").value_or(std::string_view());
        if (reset.empty() || reset == "0") {
            bool marked = state.cookie.size() > 23 && state.cookie[22] == *conf.mark && state.cookie[23] == '=';
            if (*conf.mark != '\0' && !marked) std::memcpy(state.set, state.got, sizeof state.set);
            return;
        }
        state.reset = true;
        if (reset == "log") r.log(Level::kNotice, r.arena.cat({"userid cookie \"", text_of(r, conf, state.got), "\" was reset"}));
    }
    make_uid(r, conf, state.set);
}

std::string expiry(std::int64_t expires) {
    if (expires == 0) return {};
    if (expires == kForever) return "; expires=Thu, 31-Dec-37 23:55:55 GMT";
    char date[kCookieDate];
    auto* end = put_cookie_date(date, Thread::current().loop.unix_seconds() + expires);
    return cat({"; expires=", {date, static_cast<std::size_t>(end - date)}});
}

std::optional<int> set_cookie(Request& r) {
    auto& conf = r.conf<Conf>();
    if (r.parent || *conf.mode < Mode::kV1) return std::nullopt;
    auto& state = state_of(r, conf);
    decide_uid(r, state, conf);
    if (state.set[3] == 0) return std::nullopt;
    std::string value;
    if (state.got[3] == 0 || state.reset) {
        value = base64({reinterpret_cast<const char*>(state.set), sizeof state.set});
        if (*conf.mark) value[value.size() - 2] = *conf.mark;
    } else {
        value = cat({state.cookie.substr(0, 22), {&*conf.mark, 1}, "="});
    }
    auto has = [&](std::uint32_t flag) { return (*conf.flags & flag) != 0; };
    auto cookie = r.arena.cat({*conf.name, "=", value, expiry(*conf.expires), *conf.domain, *conf.path,
                               has(kSecure) ? "; secure" : "", has(kHttpOnly) ? "; httponly" : "",
                               has(kStrict) ? "; samesite=strict" : "", has(kLax) ? "; samesite=lax" : "",
                               has(kNone) ? "; samesite=none" : ""});
    r.out.headers.add("Set-Cookie", cookie, Name::kSetCookie);
    if (!conf.p3p->empty()) r.out.headers.add("P3P", *conf.p3p, Name::kOther);
    return std::nullopt;
}

std::optional<std::string_view> uid_got(Request& r, std::string_view) {
    auto& conf = r.main.conf<Conf>();
    if (*conf.mode == Mode::kOff) return std::nullopt;
    auto& state = state_of(r.main, conf);
    if (state.got[3] == 0) return std::nullopt;
    return text_of(r, conf, state.got);
}

std::optional<std::string_view> uid_set(Request& r, std::string_view) {
    auto& conf = r.main.conf<Conf>();
    if (*conf.mode < Mode::kV1) return std::nullopt;
    auto& state = state_of(r.main, conf);
    decide_uid(r.main, state, conf);
    if (state.set[3] == 0) return std::nullopt;
    return text_of(r, conf, state.set);
}

std::optional<std::string_view> uid_reset(Request&, std::string_view) { return ""; }

Status set_text(Cursor& at, conf::Setting<std::string>& out, std::string_view prefix, bool may_be_none) {
    if (out.is_set()) return conf::directive_is("is duplicate");
    out.set(may_be_none && at.arg(1) == "none" ? std::string() : cat({prefix, at.arg(1)}));
    return conf::ok();
}

Status domain(Cursor& at, Conf& conf) { return set_text(at, conf.domain, "; domain=", true); }
Status path(Cursor& at, Conf& conf) { return set_text(at, conf.path, "; path=", false); }
Status p3p(Cursor& at, Conf& conf) { return set_text(at, conf.p3p, "", true); }

Status expires(Cursor& at, Conf& conf) {
    if (conf.expires.is_set()) return conf::directive_is("is duplicate");
    if (at.arg(1) == "max") return conf.expires.set(kForever), conf::ok();
    if (at.arg(1) == "off") return conf.expires.set(0), conf::ok();
    auto seconds = conf::parse_seconds(at.arg(1));
    if (!seconds) return conf::directive_is("invalid value");
    conf.expires.set(seconds->count());
    return conf::ok();
}

Status mark(Cursor& at, Conf& conf) {
    if (conf.mark.is_set()) return conf::directive_is("is duplicate");
    auto& word = at.arg(1);
    if (word == "off") return conf.mark.set('\0'), conf::ok();
    char c = word.size() == 1 ? word[0] : '\0';
    if (!is_digit(c) && !(to_lower(c) >= 'a' && to_lower(c) <= 'z') && c != '=')
        return conf::directive_is("value must be \"off\" or a single letter, digit or \"=\"");
    conf.mark.set(c);
    return conf::ok();
}

constexpr conf::Word kModes[] = {{"off", 0}, {"log", 1}, {"v1", 2}, {"on", 3}};
constexpr conf::Word kFlags[] = {{"off", kFlagsOff}, {"secure", kSecure}, {"httponly", kHttpOnly},
                                 {"samesite=strict", kStrict}, {"samesite=lax", kLax}, {"samesite=none", kNone}};

constexpr conf::Directive kDirectives[] = {
    {"userid", conf::kHttp, conf::kOne, conf::one_of<&Conf::mode, kModes>},
    {"userid_service", conf::kHttp, conf::kOne, conf::into<&Conf::service>},
    {"userid_name", conf::kHttp, conf::kOne, conf::into<&Conf::name>},
    {"userid_domain", conf::kHttp, conf::kOne, conf::call<domain, &Conf::domain>},
    {"userid_path", conf::kHttp, conf::kOne, conf::call<path, &Conf::path>},
    {"userid_expires", conf::kHttp, conf::kOne, conf::call<expires, &Conf::expires>},
    {"userid_flags", conf::kHttp, conf::kOne | conf::kTwo | conf::kThree, conf::any_of<&Conf::flags, kFlags>},
    {"userid_p3p", conf::kHttp, conf::kOne, conf::call<p3p, &Conf::p3p>},
    {"userid_mark", conf::kHttp, conf::kOne, conf::call<mark, &Conf::mark>},
};

constexpr Variable kVariables[] = {
    {"uid_got", uid_got},
    {"uid_set", uid_set},
    {.name = "uid_reset", .get = uid_reset, .changeable = true},
};

}  // namespace

extern constinit const Module userid = {
    .name = "http_userid",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .variables = kVariables,
    .header_filter = set_cookie,
};

}  // namespace bext::http
