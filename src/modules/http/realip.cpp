// realip: the client's address as a trusted proxy tells it.
// https://nginx.org/en/docs/http/ngx_http_realip_module.html
#include <algorithm>

#include "http/connection.h"
#include "http/core_conf.h"
#include "http/module.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Conf {
    conf::Setting<std::vector<net::Cidr>> trusted;
    conf::Setting<std::string> header{"X-Real-IP"};
    conf::Setting<bool> recursive{false};
};

Status from(Cursor& at, Conf& conf) {
    bool low_bits = false;
    auto& list = conf.trusted.edit();
    if (auto range = net::Cidr::parse(at.arg(1), low_bits)) {
        if (low_bits) at.warn(cat({"low address bits of ", at.arg(1), " are meaningless"}));
        list.push_back(*range);
        return conf::ok();
    }
    auto found = net::resolve_now(at.arg(1), 0);
    if (!found) return conf::refuse(cat({found.error().text, " in set_real_ip_from \"", at.arg(1), "\""}));
    for (auto& address : *found)
        if (auto range = net::Cidr::parse(address.host(), low_bits)) list.push_back(*range);
    return conf::ok();
}

bool trusted(const Conf& conf, const net::Address& address) {
    return std::any_of(conf.trusted->begin(), conf.trusted->end(), [&](auto& range) { return range.contains(address); });
}

/// "10.0.0.1", "10.0.0.1:80", "::1", "[::1]:80" (ngx_parse_addr_port).
std::optional<net::Address> parse_address(std::string_view text) {
    if (auto plain = net::Address::literal(text, 0)) return plain;
    auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    auto port = parse_decimal(text.substr(colon + 1), 65535);
    auto host = text.substr(0, colon);
    if (!port || *port == 0 || (host.find(':') != std::string_view::npos && host[0] != '[')) return std::nullopt;
    return net::Address::literal(host, static_cast<std::uint16_t>(*port));
}

enum class Walk { kNothing, kStopped, kAll };

/// Goes over the addresses of `list` from the right as long as the one before was trusted.
Walk walk(const Conf& conf, std::string_view list, net::Address& address) {
    bool found = false;
    for (;;) {
        auto stop = found ? Walk::kStopped : Walk::kNothing;
        if (!trusted(conf, address)) return stop;
        auto end = list.find_last_not_of(" ,");
        if (end == std::string_view::npos) return stop;
        list = list.substr(0, end + 1);
        auto blank = list.find_last_of(" ,");
        auto begin = blank == std::string_view::npos ? 0 : blank + 1;
        auto next = parse_address(list.substr(begin));
        if (!next) return stop;
        address = *next;
        found = true;
        if (begin == 0 || !*conf.recursive) return Walk::kAll;
        list = list.substr(0, begin - 1);
    }
}

/// The address that the headers tell; false when they tell none that may be believed.
bool told(Request& r, const Conf& conf, net::Address& address) {
    if (*conf.header == "proxy_protocol") {
        auto* proxy = r.connection.proxy_header;
        if (!proxy || walk(conf, proxy->source(), address) == Walk::kNothing) return false;
        address.set_port(proxy->source_port);
        return true;
    }
    bool joined = *conf.header == "X-Forwarded-For";
    if (!joined) {
        auto* header = r.in.find(*conf.header);
        return header && walk(conf, header->value, address) != Walk::kNothing;
    }
    List<std::string_view> lines(r.arena);
    for (auto& header : r.in)
        if (header.known == Name::kXForwardedFor && !header.gone) lines.push(header.value);
    bool found = false;
    for (auto i = lines.size(); i-- > 0;) {
        auto state = walk(conf, lines[i], address);
        if (state != Walk::kNothing) found = true;
        if (state != Walk::kAll || !*conf.recursive) break;
    }
    return found;
}

/// Puts the peer's own address back when the request ends.
struct Original {
    explicit Original(Connection& c) : connection(c), address(c.client) { c.peer = &address; }
    Original(const Original&) = delete;
    ~Original() {
        connection.set_client(address);
        connection.peer = nullptr;
    }
    Connection& connection;
    net::Address address;
};

Verdict take_address(Request& r) {
    auto& conf = r.conf<Conf>();
    if (conf.trusted->empty() || r.connection.peer) return Verdict::pass();
    auto address = r.connection.client;
    if (!told(r, conf, address)) return Verdict::pass();
    r.main.arena.make<Original>(r.connection);
    r.connection.set_client(address);
    return Verdict::pass();
}

const net::Address& peer(Request& r) { return r.connection.peer ? *r.connection.peer : r.connection.client; }

std::optional<std::string_view> remote_address(Request& r, std::string_view) { return r.arena.copy(peer(r).host()); }

std::optional<std::string_view> remote_port(Request& r, std::string_view) {
    auto port = peer(r).port();
    return port ? r.arena.copy(std::to_string(port)) : std::string_view();
}

constexpr conf::Directive kDirectives[] = {
    {"set_real_ip_from", conf::kHttp, conf::kOne, conf::call<from, &Conf::trusted>},
    {"real_ip_header", conf::kHttp, conf::kOne, conf::into<&Conf::header>},
    {"real_ip_recursive", conf::kHttp, conf::kFlag, conf::into<&Conf::recursive>},
};

constexpr Variable kVariables[] = {
    {"realip_remote_addr", remote_address},
    {"realip_remote_port", remote_port},
};

}  // namespace

extern constinit const Module realip = {
    .name = "http_realip",
    .records = records_of<Conf>,
    .directives = kDirectives,
    .variables = kVariables,
    .post_read = take_address,
    .preaccess = take_address,
};

}  // namespace bext::http
