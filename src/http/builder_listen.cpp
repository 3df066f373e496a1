// Builder: listen and server_name, and the table of addresses they make (ngx_http_core_listen, ngx_http_add_listen).
#include "http/builder.h"

#include <netinet/in.h>
#include <unistd.h>

namespace bext::http {

using conf::Cursor;
using conf::Status;

namespace {

struct Place {
    std::vector<net::Address> addresses;
    std::string error;
};

Place wrong(std::string text) { return {{}, std::move(text)}; }

std::optional<std::uint16_t> port_of(std::string_view text) {
    auto port = parse_decimal(text, 65535);
    if (!port || *port == 0) return std::nullopt;
    return static_cast<std::uint16_t>(*port);
}

/// What ngx_parse_url makes of a listen address.
Place parse_place(std::string_view text, net::Names& names) {
    if (text.starts_with("unix:")) {
        if (text.size() == 5) return wrong("no path in the unix domain socket");
        auto address = net::Address::unix_path(text.substr(5));
        if (!address) return wrong(address.error().text);
        return {{*address}, {}};
    }
    std::uint16_t port = 80;
    std::string_view host = text, rest;
    if (text.starts_with("[")) {
        auto end = text.find(']');
        if (end == std::string_view::npos) return wrong("invalid host");
        host = text.substr(0, end + 1);
        rest = text.substr(end + 1);
        if (!rest.empty() && rest[0] != ':') return wrong("invalid host");
    } else if (auto colon = text.find(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        rest = text.substr(colon);
    } else if (auto only = parse_decimal(text, UINT64_MAX / 2)) {
        if (*only < 1 || *only > 65535) return wrong("invalid port");
        return {{net::Address::ipv4(0, static_cast<std::uint16_t>(*only))}, {}};
    }
    if (!rest.empty()) {
        auto number = port_of(rest.substr(1));
        if (!number) return wrong("invalid port");
        port = *number;
    }
    if (host == "*") return {{net::Address::ipv4(0, port)}, {}};
    if (host.empty()) return wrong("no host");
    if (auto literal = net::Address::literal(host, port)) return {{*literal}, {}};
    if (host[0] == '[') return wrong("invalid IPv6 address");
    auto found = names.addresses(std::string(host), port);
    if (!found) return wrong(found.error().text);
    return {*found, {}};
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

Status Builder::add_listen(Cursor& at, Server& to, net::Address address, ListenOptions options) {
    options.wildcard = address.wildcard();
    for (auto& other : listens_) {
        if (!(other.address == address)) continue;
        if (other.server == &to) return conf::refuse(cat({"a duplicate listen ", at.arg(1)}));
        if (options.set && other.options.set) return conf::refuse(cat({"duplicate listen options for ", at.arg(1)}));
        if (options.is_default && other.options.is_default)
            return conf::refuse(cat({"a duplicate default server for ", at.arg(1)}));
    }
    listens_.push_back({&to, address, options, at.place()});
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
        auto compiled = regex(pattern, upper);
        if (!compiled) return conf::refuse(compiled.error().text);
        server->names.push_back({pattern, *compiled});
    }
    return conf::ok();
}

Status Builder::finish_listens(Cursor& at) {
    for (auto& entry : listens_) {
        Listen* listen = nullptr;
        for (auto& known : site->listens)
            if (known->address == entry.address) listen = known.get();
        if (!listen) {
            site->listens.push_back(std::make_unique<Listen>());
            listen = site->listens.back().get();
            listen->address = entry.address;
            listen->options = entry.options;
        }
        auto& o = listen->options;
        if (entry.options.set && !o.set) {
            bool ssl = o.ssl, http2 = o.http2, proxy = o.proxy_protocol;
            o = entry.options;
            o.ssl |= ssl, o.http2 |= http2, o.proxy_protocol |= proxy;
        }
        o.ssl |= entry.options.ssl;
        o.http2 |= entry.options.http2;
        o.proxy_protocol |= entry.options.proxy_protocol;
        listen->hosts.add(*entry.server);
        if (!listen->hosts.default_server || entry.options.is_default) listen->hosts.default_server = entry.server;
    }
    listens_ = {};
    for (auto& listen : site->listens)
        listen->hosts.finish([&](std::string text) { at.warn_plain(std::move(text)); }, listen->address.text());
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
