// realip: the client's address as a trusted proxy tells it.
// https://nginx.org/en/docs/http/ngx_http_realip_module.html
#include "http/builder.h"
#include "http/connection.h"
#include "http/core_conf.h"
#include "http/forwarded.h"
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
    auto found = at.owner<Builder>().names.addresses(at.arg(1), 0);
    if (!found) return conf::refuse(cat({found.error().text, " in set_real_ip_from \"", at.arg(1), "\""}));
    for (auto& address : *found)
        if (auto range = net::Cidr::parse(address.host(), low_bits)) list.push_back(*range);
    return conf::ok();
}

/// The address that the headers tell; false when they tell none that may be believed.
bool told(Request& r, const Conf& conf, net::Address& address) {
    if (*conf.header == "proxy_protocol") {
        auto* proxy = r.connection.proxy_header;
        if (!proxy || !forwarded_address(proxy->source(), *conf.trusted, *conf.recursive, address)) return false;
        address.set_port(proxy->source_port);
        return true;
    }
    if (*conf.header == "X-Forwarded-For") return forwarded_for(r.in, *conf.trusted, *conf.recursive, address);
    auto* header = r.in.find(*conf.header);
    return header && forwarded_address(header->value, *conf.trusted, *conf.recursive, address);
}

Verdict take_address(Request& r) {
    auto& conf = r.conf<Conf>();
    if (conf.trusted->empty() || &r.client() != &r.connection.client) return Verdict::pass();
    auto address = r.connection.client.address();
    if (told(r, conf, address)) r.set_client(*r.main.arena.make<ClientAddress>(address));
    return Verdict::pass();
}

std::optional<std::string_view> remote_address(Request& r, std::string_view) { return r.connection.client.text(); }

std::optional<std::string_view> remote_port(Request& r, std::string_view) {
    auto port = r.connection.client.address().port();
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
