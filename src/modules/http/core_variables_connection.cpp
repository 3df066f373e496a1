// core_variables_connection: what $variables say of the connection, the process and the clock.
// https://nginx.org/en/docs/http/ngx_http_core_module.html#variables
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "http/connection.h"
#include "http/identity.h"
#include "http/module.h"
#include "http/progress.h"
#include "http/thread.h"
#include "modules/http/values.h"

namespace bext::http {
namespace {

Value seconds(Request& r, std::int64_t ms) {
    char text[32];
    return r.arena.copy({text, static_cast<std::size_t>(put_seconds(text, ms > 0 ? static_cast<std::uint64_t>(ms) : 0) - text)});
}

Value remote_addr(Request& r, std::string_view) { return r.client().text(); }
Value remote_port(Request& r, std::string_view) { return port(r, r.client().address().port()); }

Value binary_remote_addr(Request& r, std::string_view) {
    auto bytes = r.client().address().bytes();
    return bytes.empty() ? r.client().text() : bytes;
}

Value server_addr(Request& r, std::string_view) { return r.arena.copy(r.connection.local_address().host()); }
Value server_port(Request& r, std::string_view) { return port(r, r.connection.local_address().port()); }
Value scheme(Request& r, std::string_view) { return r.connection.tls ? "https" : "http"; }
Value https(Request& r, std::string_view) { return r.connection.tls ? "on" : ""; }

const net::ProxyHeader* proxy(Request& r) {
    auto* header = r.connection.proxy_header;
    return header && header->proxied ? header : nullptr;
}

Value proxy_addr(Request& r, std::string_view) { return proxy(r) ? Value(proxy(r)->source()) : std::nullopt; }
Value proxy_port(Request& r, std::string_view) { return proxy(r) ? port(r, proxy(r)->source_port) : std::nullopt; }
Value proxy_server_addr(Request& r, std::string_view) { return proxy(r) ? Value(proxy(r)->destination()) : std::nullopt; }
Value proxy_server_port(Request& r, std::string_view) { return proxy(r) ? port(r, proxy(r)->destination_port) : std::nullopt; }

Value proxy_tlv(Request& r, std::string_view name) {
    if (!proxy(r)) return std::nullopt;
    auto& text = *reinterpret_cast<net::TlvNumber*>(r.arena.bytes(sizeof(net::TlvNumber)));
    std::string_view value;
    if (net::find_named_tlv(proxy(r)->tlvs, name, text, value) != net::Tlv::kFound) return std::nullopt;
    return value;
}

Value connection(Request& r, std::string_view) { return number(r, r.connection.number); }
Value connection_requests(Request& r, std::string_view) { return number(r, r.connection.requests); }
Value connection_time(Request& r, std::string_view) {
    return seconds(r, Thread::current().loop.unix_milliseconds() - r.connection.start_ms);
}
Value pipe(Request& r, std::string_view) { return r.main.pipelined ? "p" : "."; }

Value tcp_info(Request& r, std::uint32_t tcp_info::* field) {
    struct tcp_info info {};
    socklen_t size = sizeof info;
    if (::getsockopt(r.connection.socket(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
    return number(r, info.*field);
}
Value rtt(Request& r, std::string_view) { return tcp_info(r, &tcp_info::tcpi_rtt); }
Value rtt_variance(Request& r, std::string_view) { return tcp_info(r, &tcp_info::tcpi_rttvar); }
Value send_window(Request& r, std::string_view) { return tcp_info(r, &tcp_info::tcpi_snd_cwnd); }
Value receive_space(Request& r, std::string_view) { return tcp_info(r, &tcp_info::tcpi_rcv_space); }

/// bext under its own name still says which nginx its configuration language is.
Value nginx_version(Request&, std::string_view) {
    return identity().name == "nginx" ? std::string_view(identity().version) : std::string_view("1.28.2");
}

Value hostname(Request&, std::string_view) {
    static const std::string name = [] {
        char text[HOST_NAME_MAX + 1] = "";
        ::gethostname(text, sizeof text - 1);
        return lower(text);
    }();
    return name;
}

Value pid(Request& r, std::string_view) { return number(r, static_cast<std::uint64_t>(::getpid())); }
Value msec(Request& r, std::string_view) { return seconds(r, Thread::current().loop.unix_milliseconds()); }
Value time_iso8601(Request& r, std::string_view) { return r.arena.copy(Thread::current().iso_time()); }
Value time_local(Request& r, std::string_view) { return r.arena.copy(Thread::current().local_time()); }

constexpr Variable kVariables[] = {
    {"remote_addr", remote_addr},
    {"remote_port", remote_port},
    {"binary_remote_addr", binary_remote_addr},
    {"server_addr", server_addr},
    {"server_port", server_port},
    {"scheme", scheme},
    {"https", https},
    {"proxy_protocol_addr", proxy_addr},
    {"proxy_protocol_port", proxy_port},
    {"proxy_protocol_server_addr", proxy_server_addr},
    {"proxy_protocol_server_port", proxy_server_port},
    {"proxy_protocol_tlv_", proxy_tlv},
    {"connection", connection},
    {"connection_requests", connection_requests},
    {"connection_time", connection_time, false},
    {"pipe", pipe},
    {"tcpinfo_rtt", rtt, false},
    {"tcpinfo_rttvar", rtt_variance, false},
    {"tcpinfo_snd_cwnd", send_window, false},
    {"tcpinfo_rcv_space", receive_space, false},
    {"nginx_version", nginx_version},
    {"hostname", hostname},
    {"pid", pid},
    {"msec", msec, false},
    {"time_iso8601", time_iso8601, false},
    {"time_local", time_local, false},
};

}  // namespace

extern constinit const Module core_variables_connection = {
    .name = "http_core",
    .variables = kVariables,
};

}  // namespace bext::http
