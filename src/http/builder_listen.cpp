// Builder: listen and server_name, and the table of addresses they make (ngx_http_core_listen, ngx_http_add_listen).
#include "http/builder.h"
#include "http/core_conf.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>

namespace bext::http {

using conf::Cursor;
using conf::Status;

namespace {

struct Place {
    std::vector<net::Address> addresses;
    std::string error;
};

Place wrong(std::string text) { return {{}, std::move(text)}; }

/// "80", or "8000-8010": every port in between.
struct Ports {
    std::uint16_t first = 80, last = 80;
};

/// ngx_parse_inet_url's reading of what follows the colon; null when it is good.
const char* parse_ports(std::string_view text, Ports& out) {
    auto number = [](std::string_view digits, std::uint16_t& port) {
        auto value = parse_decimal(digits, 65535);
        if (value) port = static_cast<std::uint16_t>(*value);
        return value && *value > 0;
    };
    auto dash = text.find('-');
    bool range = dash != std::string_view::npos;
    if (range && !number(text.substr(dash + 1), out.last)) return "invalid port";
    if (!number(text.substr(0, dash), out.first)) return "invalid port";
    if (!range) out.last = out.first;
    return out.first > out.last ? "invalid port range" : nullptr;
}

/// A listen address that is a port alone.
bool only_ports(std::string_view text) { return parse_decimal(text.substr(0, text.find('-')), UINT64_MAX / 2).has_value(); }

/// Host and ports of a listen address; `rest` is what follows the host. The error of ngx_parse_url, or null.
const char* split_place(std::string_view text, std::string_view& host, std::string_view& rest) {
    host = text;
    if (text.starts_with("[")) {
        auto end = text.find(']');
        if (end == std::string_view::npos || text.find('/', end) != std::string_view::npos) return "invalid host";
        host = text.substr(0, end + 1);
        rest = text.substr(end + 1);
        return rest.empty() || rest[0] == ':' ? nullptr : "invalid host";
    }
    if (text.find_first_of("/?") != std::string_view::npos) return "invalid host";
    if (auto colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        rest = text.substr(colon);
    } else if (only_ports(text)) {
        host = "*";
    }
    return nullptr;
}

/// What ngx_parse_url makes of a listen address.
Place parse_place(std::string_view text, net::Names& names) {
    if (istarts_with(text, "unix:")) {
        if (text.size() == 5) return wrong("no path in the unix domain socket");
        auto address = net::Address::unix_path(text.substr(5));
        if (!address) return wrong(address.error().text);
        return {{*address}, {}};
    }
    std::string_view host, rest;
    if (auto* bad = split_place(text, host, rest)) return wrong(bad);
    Ports ports;
    if (host == "*" && text != "*" && rest.empty()) rest = text;
    else if (!rest.empty()) rest.remove_prefix(1), ports.first = 0;
    if (!rest.empty() || ports.first == 0)
        if (auto* bad = parse_ports(rest, ports)) return wrong(bad);
    std::vector<net::Address> hosts;
    if (host == "*") hosts.push_back(net::Address::ipv4(0, ports.first));
    else if (host.empty() || host == "[]") return wrong("no host");
    else if (auto literal = host[0] == '[' ? net::Address::bracketed(host, ports.first) : net::Address::literal(host, ports.first)) hosts.push_back(*literal);
    else if (host[0] == '[') return wrong("invalid IPv6 address");
    if (hosts.empty()) {
        auto found = names.addresses(std::string(host), ports.first);
        if (!found) return wrong(found.error().text);
        hosts = std::move(*found);
    }
    Place out;
    for (auto& address : hosts)
        for (unsigned port = ports.first; port <= ports.last; ++port) {
            address.set_port(static_cast<std::uint16_t>(port));
            if (std::find(out.addresses.begin(), out.addresses.end(), address) == out.addresses.end()) out.addresses.push_back(address);
        }
    return out;
}

Status keepalive_option(std::string_view value, ListenOptions& o) {
    if (value == "on") return o.keepalive = ListenOptions::KeepAlive::kOn, conf::ok();
    if (value == "off") return o.keepalive = ListenOptions::KeepAlive::kOff, conf::ok();
    auto bad = conf::refuse(cat({"invalid so_keepalive value: \"", value, "\""}));
    auto parts = split(value, ':');
    if (parts.size() != 3 || value == "::") return bad;
    int* targets[] = {&o.keepalive_idle, &o.keepalive_interval, &o.keepalive_count};
    for (std::size_t i = 0; i < 3; ++i) {
        if (parts[i].empty()) continue;
        if (i < 2) {
            auto seconds = conf::parse_seconds(parts[i]);
            if (!seconds) return bad;
            *targets[i] = static_cast<int>(seconds->count());
        } else {
            auto count = parse_decimal(parts[i], INT32_MAX);
            if (!count || *count == 0) return bad;
            *targets[i] = static_cast<int>(*count);
        }
    }
    o.keepalive = ListenOptions::KeepAlive::kOn;
    return conf::ok();
}

Status number_option(std::string_view word, std::string_view key, bool size, int& out) {
    auto text = word.substr(key.size() + 1);
    auto value = size ? conf::parse_size(text) : parse_decimal(text, INT32_MAX);
    if (!value || *value > INT32_MAX || (key == "backlog" && *value == 0))
        return conf::refuse(cat({"invalid ", key, " \"", word, "\""}));
    out = static_cast<int>(*value);
    return conf::ok();
}

/// One parameter of listen. `known` is false for a word it does not have.
Status listen_option(Cursor& at, std::string_view word, ListenOptions& o, bool& known) {
    known = true;
    auto flag = [&](bool& member, bool binds) {
        member = true;
        if (binds) o.set = o.bind = true;
        return conf::ok();
    };
    if (word == "default_server" || word == "default") return flag(o.is_default, false);
    if (word == "bind") return flag(o.bind, true);
    if (word == "ssl") return flag(o.ssl, false);
    if (word == "proxy_protocol") return flag(o.proxy_protocol, false);
    if (word == "deferred") return flag(o.deferred, true);
    if (word == "reuseport") return flag(o.reuseport, true);
    if (word == "http2") {
        if (compatible::deprecates_listen_http2(at.owner<Builder>().site->nginx))
            at.warn("the \"listen ... http2\" directive is deprecated, use the \"http2\" directive instead");
        return flag(o.http2, false);
    }
    if (word == "quic") return conf::refuse("the \"quic\" parameter requires ngx_http_v3_module");
    auto binds = [&](Status status) {
        o.set = o.bind = true;
        return status;
    };
    if (word.starts_with("backlog=")) return binds(number_option(word, "backlog", false, o.backlog));
    if (word.starts_with("rcvbuf=")) return binds(number_option(word, "rcvbuf", true, o.receive_buffer));
    if (word.starts_with("sndbuf=")) return binds(number_option(word, "sndbuf", true, o.send_buffer));
    if (word.starts_with("fastopen=")) return binds(number_option(word, "fastopen", false, o.fastopen));
    if (word.starts_with("so_keepalive=")) return binds(keepalive_option(word.substr(13), o));
    if (word.starts_with("ipv6only=o")) {
        auto value = word.substr(9);
        if (value != "on" && value != "off") return conf::refuse(cat({"invalid ipv6only flags \"", value, "\""}));
        o.ipv6only = value == "on";
        return binds(conf::ok());
    }
    if (word.starts_with("accept_filter=")) {
        at.note("[emerg] ", cat({"accept filters \"", word, "\" are not supported on this platform, ignored"}));
        return conf::ok();
    }
    if (word == "multipath") {
        at.note("[emerg] ", "multipath is not supported on this platform, ignored");
        return conf::ok();
    }
    known = false;
    return conf::ok();
}

}  // namespace

Status Builder::listen(Cursor& at) {
    listen_given_ = true;
    auto place = parse_place(at.arg(1), names);
    if (!place.error.empty())
        return conf::refuse(cat({place.error, " in \"", at.arg(1), "\" of the \"listen\" directive"}));
    ListenOptions options;
    for (std::size_t i = 2; i < at.count(); ++i) {
        bool known;
        if (auto bad = listen_option(at, at.arg(i), options, known)) return bad;
        if (!known) return conf::refuse(cat({"invalid parameter \"", at.arg(i), "\""}));
    }
    for (auto& address : place.addresses)
        if (auto bad = add_listen(at, *server, address, options)) return bad;
    return conf::ok();
}

namespace {

/// The parameters that are said of a protocol, as bits.
unsigned protocols_of(const ListenOptions& o) { return (o.proxy_protocol ? 1u : 0u) | (o.ssl ? 2u : 0u) | (o.http2 ? 4u : 0u); }

}  // namespace

/// Whether those protocols contradict what other servers said of the address (ngx_http_add_addresses).
bool Builder::Protocols::redefined(unsigned said, unsigned before, bool options_now, bool options_before) {
    bool added = (said | before) != before, removed = !added && (said | before) != said;
    bool warn = set && said != now;
    if (added) warn = (options_before && !options_now) || changed || (said | before) != said;
    else if (removed) warn = options_now || (set && said != now);
    else warn = (options_now && changed) || (set && said != now);
    now = added ? before : said;
    set = true;
    changed = changed || added || removed;
    return warn;
}

Status Builder::add_listen(Cursor& at, Server& to, const net::Address& address, ListenOptions options) {
    options.wildcard = address.wildcard();
    auto known = std::find_if(site->listens.begin(), site->listens.end(), [&](auto& l) { return l->address == address; });
    if (known == site->listens.end()) {
        auto& listen = *site->listens.emplace_back(std::make_unique<Listen>());
        listen.address = address;
        listen.options = options;
        listen.hosts.add(to);
        listen.hosts.default_server = &to;
        protocols_.emplace_back();
        return conf::ok();
    }
    auto& listen = **known;
    auto& o = listen.options;
    auto text = address.text();
    auto& servers = listen.hosts.servers();
    if (std::find(servers.begin(), servers.end(), &to) != servers.end()) return conf::refuse(cat({"a duplicate listen ", text}));
    if (options.set && o.set) return conf::refuse(cat({"duplicate listen options for ", text}));
    if (options.is_default && o.is_default) return conf::refuse(cat({"a duplicate default server for ", text}));
    listen.hosts.add(to);
    if (options.is_default) listen.hosts.default_server = &to;
    auto& protocols = protocols_[static_cast<std::size_t>(known - site->listens.begin())];
    bool redefined = protocols.redefined(protocols_of(options), protocols_of(o), options.set, o.set || options.set);
    if (redefined && compatible::warns_of_redefined_protocols(site->nginx))
        at.warn(cat({"protocol options redefined for ", text}));
    options.is_default |= o.is_default;
    options.ssl |= o.ssl, options.http2 |= o.http2, options.proxy_protocol |= o.proxy_protocol;
    if (options.set) o = options;
    o.is_default = options.is_default;
    o.ssl = options.ssl, o.http2 = options.http2, o.proxy_protocol = options.proxy_protocol;
    return conf::ok();
}

Status Builder::server_name(Cursor& at) {
    for (std::size_t i = 1; i < at.count(); ++i) {
        std::string_view name = at.arg(i);
        if ((name.starts_with("*") && (name.size() < 3 || name[1] != '.')) || (name.starts_with(".") && name.size() < 2))
            return conf::refuse(cat({"server name \"", name, "\" is invalid"}));
        if (name.find('/') != std::string_view::npos && !name.starts_with("~"))
            at.warn(cat({"server name \"", name, "\" has suspicious symbols"}));
        if (iequals(name, "$hostname")) {
            char host[256] = "";
            ::gethostname(host, sizeof host - 1);
            server->names.push_back({lower(host), nullptr});
            continue;
        }
        if (!name.starts_with("~")) {
            server->names.push_back({lower(name), nullptr});
            continue;
        }
        if (name.size() == 1) return conf::refuse(cat({"empty regex in server name \"", name, "\""}));
        auto pattern = std::string(name.substr(1));
        bool upper = pattern.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos;
        auto compiled = regex(at, pattern, upper);
        if (!compiled) return conf::refuse(compiled.error().text);
        server->names.push_back({pattern, *compiled});
    }
    return conf::ok();
}

Status Builder::finish_listens(Cursor& at) {
    auto& hashes = *static_cast<Hashes*>(site->main->records()[*conf::record<Hashes>.slot]);
    auto limits = conf::hash_limits("server_names_hash", hashes.names_max_size, hashes.names_bucket_size);
    for (auto& listen : site->listens) {
        auto warn = [&](std::string text) { at.warn_plain(std::move(text)); };
        if (auto bad = listen->hosts.finish(warn, listen->address.text(), limits)) return conf::Refusal{*bad, conf::Refusal::Kind::kComplete};
    }
    for (auto& listen : site->listens) {
        if (listen->options.bind || listen->options.wildcard) continue;
        for (auto& wild : site->listens)
            if (wild->options.wildcard && wild->address.family() == listen->address.family() &&
                wild->address.port() == listen->address.port()) {
                listen->bound = false;
                wild->covers.push_back(listen.get());
            }
    }
    return conf::ok();
}

}  // namespace bext::http
