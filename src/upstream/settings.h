// Settings: what every kind of upstream module can set (proxy_, fastcgi_ …), and the table that reads it.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "conf/into.h"
#include "http/expr.h"
#include "upstream/name_set.h"

namespace bext::upstream {

/// What went wrong with a peer, as `…_next_upstream` names it.
enum Failure : std::uint32_t {
    kError = 1u << 1, kTimeout = 1u << 2, kInvalidHeader = 1u << 3, kHttp500 = 1u << 4, kHttp502 = 1u << 5,
    kHttp503 = 1u << 6, kHttp504 = 1u << 7, kHttp403 = 1u << 8, kHttp404 = 1u << 9, kHttp429 = 1u << 10,
    kUpdating = 1u << 11, kNonIdempotent = 1u << 12, kOff = 1u << 13, kNoLive = 1u << 14,
};

/// `…_ignore_headers`.
enum Ignore : std::uint32_t {
    kIgnoreRedirect = 1u << 1, kIgnoreAccelExpires = 1u << 2, kIgnoreExpires = 1u << 3, kIgnoreCacheControl = 1u << 4,
    kIgnoreSetCookie = 1u << 5, kIgnoreLimitRate = 1u << 6, kIgnoreBuffering = 1u << 7, kIgnoreCharset = 1u << 8,
    kIgnoreVary = 1u << 9,
};

/// `…_bind`: the local address of connections; `off` when there is no text.
struct Bind {
    http::Expr address;
    bool transparent = false;
};

struct Settings {
    conf::Setting<bool> buffering{true}, request_buffering{true}, ignore_client_abort{false}, intercept_errors{false};
    conf::Setting<bool> force_ranges{false}, socket_keepalive{false}, pass_request_headers{true}, pass_request_body{true};
    conf::Setting<bool> pass_trailers{false};
    conf::Setting<Bind> bind;
    conf::Setting<conf::Bytes> receive_buffer, send_buffer;
    conf::Setting<conf::Millis> connect_timeout{conf::Millis(60000)}, send_timeout{conf::Millis(60000)};
    conf::Setting<conf::Millis> read_timeout{conf::Millis(60000)}, next_timeout{conf::Millis(0)};
    conf::Setting<std::int64_t> next_tries{0};
    conf::Setting<std::uint32_t> next{kError | kTimeout}, ignore_headers{0};
    conf::Setting<conf::Bytes> buffer_size{conf::Bytes{4096}};
    conf::Setting<conf::Buffers> buffers{conf::Buffers{8, 4096}};
    conf::Setting<conf::Bytes> busy_size, temp_write_size, max_temp_size;
    conf::Setting<std::string> temp_path;
    conf::Setting<http::Expr> limit_rate;
    conf::Setting<std::vector<std::string>> hide_headers, pass_headers;

    NameSet hidden;                       ///< of the answer's headers
    std::uint64_t max_temp_file = 1u << 30;
    std::pair<std::uint64_t, std::uint64_t> hash;  ///< sizes that `hidden` was checked with

    /// Checks sizes and fills in what depends on others. `prefix`: "proxy"; `hide`: hidden unless passed explicitly.
    /// `outer`: the enclosing block's; these themselves in the outermost block, which holds defaults and serves nothing.
    struct Hide {
        conf::HashLimits limits;  ///< of nginx's hash of what is hidden
        std::span<const std::string_view> names;
        bool asked = true;  ///< whether anybody asks such peers: else no directory is made for them
    };
    conf::Status finish_settings(conf::Cursor& at, const Settings& outer, std::string_view prefix, const Hide& hide);
};

/// The action for a Setting of a base class of the record Owner.
namespace detail {
template <class Owner, class Base>
Base* base_of(void* own) {
    return static_cast<Base*>(static_cast<Owner*>(own));
}
template <auto M>
using ClassOf = typename conf::detail::Member<decltype(M)>::Class;

template <class Owner, auto M>
void inherit(void* own, const void* outer) {
    auto* base = base_of<Owner, ClassOf<M>>(own);
    (base->*M).inherit(base_of<Owner, ClassOf<M>>(const_cast<void*>(outer))->*M);
}
}  // namespace detail

template <class Owner, auto M>
inline constexpr conf::Action into = {
    [](conf::Cursor& at, void* own) -> conf::Status {
        return conf::detail::set_member<detail::ClassOf<M>, M>(at, detail::base_of<Owner, detail::ClassOf<M>>(own));
    },
    &detail::inherit<Owner, M>, &conf::record<Owner>};

template <class Owner, auto M, const auto& kWords>
inline constexpr conf::Action any_of = {
    [](conf::Cursor& at, void* own) -> conf::Status {
        return conf::detail::set_mask<detail::ClassOf<M>, M, kWords>(at, detail::base_of<Owner, detail::ClassOf<M>>(own));
    },
    &detail::inherit<Owner, M>, &conf::record<Owner>};

template <class Owner, auto F, auto M>
inline constexpr conf::Action call = {
    [](conf::Cursor& at, void* own) -> conf::Status { return F(at, *detail::base_of<Owner, detail::ClassOf<M>>(own)); },
    &detail::inherit<Owner, M>, &conf::record<Owner>};

conf::Status set_bind(conf::Cursor& at, Settings& settings);
conf::Status set_temp_path(conf::Cursor& at, Settings& settings);
conf::Status set_limit_rate(conf::Cursor& at, Settings& settings);
conf::Status store(conf::Cursor& at);
conf::Status store_access(conf::Cursor& at);

inline constexpr conf::Word kNextWords[] = {
    {"error", kError}, {"timeout", kTimeout}, {"invalid_header", kInvalidHeader}, {"non_idempotent", kNonIdempotent},
    {"http_500", kHttp500}, {"http_502", kHttp502}, {"http_503", kHttp503}, {"http_504", kHttp504},
    {"http_403", kHttp403}, {"http_404", kHttp404}, {"http_429", kHttp429}, {"updating", kUpdating}, {"off", kOff},
};
inline constexpr conf::Word kIgnoreWords[] = {
    {"X-Accel-Redirect", kIgnoreRedirect}, {"X-Accel-Expires", kIgnoreAccelExpires},
    {"X-Accel-Limit-Rate", kIgnoreLimitRate}, {"X-Accel-Buffering", kIgnoreBuffering},
    {"X-Accel-Charset", kIgnoreCharset}, {"Expires", kIgnoreExpires}, {"Cache-Control", kIgnoreCacheControl},
    {"Set-Cookie", kIgnoreSetCookie}, {"Vary", kIgnoreVary},
};

/// A name made of a module's prefix and a suffix while compiling.
template <std::size_t N>
struct Text {
    char data[N];
    consteval Text(const char (&text)[N]) { std::copy_n(text, N, data); }
};
namespace detail {
template <Text P, Text S>
inline constexpr auto kJoined = [] {
    std::array<char, sizeof P.data + sizeof S.data - 2> out{};
    auto* end = std::copy_n(P.data, sizeof P.data - 1, out.data());
    std::copy_n(S.data, sizeof S.data - 1, end);
    return out;
}();
}  // namespace detail
template <Text P, Text S>
inline constexpr std::string_view joined{detail::kJoined<P, S>.data(), detail::kJoined<P, S>.size()};

/// The directives every upstream module has, for its record and prefix ("proxy_").
template <class C, Text P>
inline constexpr conf::Directive peer_directives[] = {
    {joined<P, "bind">, conf::kHttp, conf::kOne | conf::kTwo, call<C, set_bind, &Settings::bind>},
    {joined<P, "socket_keepalive">, conf::kHttp, conf::kFlag, into<C, &Settings::socket_keepalive>},
    {joined<P, "connect_timeout">, conf::kHttp, conf::kOne, into<C, &Settings::connect_timeout>},
    {joined<P, "send_timeout">, conf::kHttp, conf::kOne, into<C, &Settings::send_timeout>},
    {joined<P, "read_timeout">, conf::kHttp, conf::kOne, into<C, &Settings::read_timeout>},
    {joined<P, "buffer_size">, conf::kHttp, conf::kOne, into<C, &Settings::buffer_size>},
    {joined<P, "next_upstream_tries">, conf::kHttp, conf::kOne, into<C, &Settings::next_tries>},
    {joined<P, "next_upstream_timeout">, conf::kHttp, conf::kOne, into<C, &Settings::next_timeout>},
};
/// Those of the ones whose answers have HTTP header fields.
template <class C, Text P>
inline constexpr conf::Directive header_directives[] = {
    {joined<P, "socket_rcvbuf">, conf::kHttp, conf::kOne, into<C, &Settings::receive_buffer>},
    {joined<P, "socket_sndbuf">, conf::kHttp, conf::kOne, into<C, &Settings::send_buffer>},
    {joined<P, "intercept_errors">, conf::kHttp, conf::kFlag, into<C, &Settings::intercept_errors>},
    {joined<P, "next_upstream">, conf::kHttp, conf::kOneOrMore, any_of<C, &Settings::next, kNextWords>},
    {joined<P, "pass_header">, conf::kHttp, conf::kOne, into<C, &Settings::pass_headers>},
    {joined<P, "hide_header">, conf::kHttp, conf::kOne, into<C, &Settings::hide_headers>},
    {joined<P, "ignore_headers">, conf::kHttp, conf::kOneOrMore, any_of<C, &Settings::ignore_headers, kIgnoreWords>},
};
/// Those of the ones whose answers are buffered and may go to files.
template <class C, Text P>
inline constexpr conf::Directive buffer_directives[] = {
    {joined<P, "buffering">, conf::kHttp, conf::kFlag, into<C, &Settings::buffering>},
    {joined<P, "request_buffering">, conf::kHttp, conf::kFlag, into<C, &Settings::request_buffering>},
    {joined<P, "ignore_client_abort">, conf::kHttp, conf::kFlag, into<C, &Settings::ignore_client_abort>},
    {joined<P, "pass_request_headers">, conf::kHttp, conf::kFlag, into<C, &Settings::pass_request_headers>},
    {joined<P, "pass_request_body">, conf::kHttp, conf::kFlag, into<C, &Settings::pass_request_body>},
    {joined<P, "buffers">, conf::kHttp, conf::kTwo, into<C, &Settings::buffers>},
    {joined<P, "busy_buffers_size">, conf::kHttp, conf::kOne, into<C, &Settings::busy_size>},
    {joined<P, "force_ranges">, conf::kHttp, conf::kFlag, into<C, &Settings::force_ranges>},
    {joined<P, "limit_rate">, conf::kHttp, conf::kOne, call<C, set_limit_rate, &Settings::limit_rate>},
    {joined<P, "temp_path">, conf::kHttp, conf::kOne | conf::kTwo | conf::kThree | conf::kFour,
     call<C, set_temp_path, &Settings::temp_path>},
    {joined<P, "max_temp_file_size">, conf::kHttp, conf::kOne, into<C, &Settings::max_temp_size>},
    {joined<P, "temp_file_write_size">, conf::kHttp, conf::kOne, into<C, &Settings::temp_write_size>},
    {joined<P, "store">, conf::kHttp, conf::kOne, conf::run_once<store>},
    {joined<P, "store_access">, conf::kHttp, conf::kOne | conf::kTwo | conf::kThree, conf::run_once<store_access>},
};

/// Two tables as one.
template <std::size_t A, std::size_t B>
constexpr std::array<conf::Directive, A + B> join(const conf::Directive (&a)[A], const conf::Directive (&b)[B]) {
    std::array<conf::Directive, A + B> out{};
    std::copy_n(a, A, out.begin());
    std::copy_n(b, B, out.begin() + A);
    return out;
}
template <std::size_t A, std::size_t B>
constexpr std::array<conf::Directive, A + B> join(const std::array<conf::Directive, A>& a, const conf::Directive (&b)[B]) {
    std::array<conf::Directive, A + B> out{};
    std::copy_n(a.begin(), A, out.begin());
    std::copy_n(b, B, out.begin() + A);
    return out;
}
template <class C, Text P>
inline constexpr auto shared_directives = join(join(peer_directives<C, P>, header_directives<C, P>), buffer_directives<C, P>);

}  // namespace bext::upstream
