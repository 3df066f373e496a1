// geo: a variable whose value depends on an address.
// https://nginx.org/en/docs/http/ngx_http_geo_module.html
#include "http/builder.h"
#include "http/connection.h"
#include "http/forwarded.h"
#include "http/geo_table.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;

struct Geo {
    std::optional<std::uint32_t> source;  // the variable with the address; the client's when there is none
    bool by_range = false, is_volatile = false, proxy_recursive = false, networks_seen = false;
    std::vector<net::Cidr> proxies;
    GeoNetworks networks;
    GeoRanges ranges;
    std::optional<std::string> fallback;  // of ranges

    std::string_view find(Request& r) const;
};

/// The IPv4 address as a number; 255.255.255.255 for every other.
std::uint32_t number_of(const net::Address* address) {
    auto bytes = address ? address->bytes() : std::string_view();
    if (bytes.size() == 16 && bytes.starts_with(std::string_view("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12))) bytes.remove_prefix(12);
    if (bytes.size() != 4) return UINT32_MAX;
    std::uint32_t number = 0;
    for (char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

std::string_view Geo::find(Request& r) const {
    std::optional<net::Address> address;
    if (source) {
        if (auto text = r.variable(*source)) address = net::Address::literal(*text, 0);
    } else {
        address = r.client().address();
    }
    if (address && !proxies.empty()) forwarded_for(r.in, proxies, proxy_recursive, *address);
    auto* found = address ? &*address : nullptr;
    if (!by_range) return networks.find(found);
    if (auto* text = ranges.find(number_of(found))) return *text;
    return fallback ? std::string_view(*fallback) : std::string_view("");
}

Status read_network(Cursor& at, const std::string& text, std::optional<net::Cidr>& out) {
    bool low_bits = false;
    if (text != "unix:") out = net::Cidr::parse(text, low_bits);
    if (!out) return conf::refuse(cat({"invalid network \"", text, "\""}));
    if (low_bits) at.warn(cat({"low address bits of ", text, " are meaningless"}));
    return conf::ok();
}

void add_network(Cursor& at, Geo& geo, const net::Cidr& network, const std::string& name, const std::string& value) {
    if (auto old = geo.networks.add(network, value))
        at.warn(cat({"duplicate network \"", name, "\", value: \"", value, "\", old value: \"", *old, "\""}));
}

Status network_entry(Cursor& at, Geo& geo, const std::vector<std::string>& words) {
    geo.networks_seen = true;
    bool unused;
    if (words[0] == "default") {
        for (auto* all : {"0.0.0.0/0", "::/0"}) add_network(at, geo, *net::Cidr::parse(all, unused), words[0], words[1]);
        return conf::ok();
    }
    bool remove = words[0] == "delete";
    auto& name = remove ? words[1] : words[0];
    std::optional<net::Cidr> network;
    if (auto bad = read_network(at, name, network)) return bad;
    if (!remove) add_network(at, geo, *network, name, words[1]);
    else if (!geo.networks.remove(*network)) at.warn(cat({"no network \"", name, "\" to delete"}));
    return conf::ok();
}

Status range_entry(Cursor& at, Geo& geo, const std::vector<std::string>& words) {
    if (words[0] == "default") {
        if (geo.fallback) at.warn(cat({"duplicate default geo range value: \"", words[1], "\", old value: \"", *geo.fallback, "\""}));
        geo.fallback = words[1];
        return conf::ok();
    }
    bool remove = words[0] == "delete";
    std::string_view name = remove ? words[1] : words[0];
    auto dash = name.find('-');
    auto invalid = [&] { return conf::refuse(cat({"invalid range \"", name, "\""})); };
    if (dash == std::string_view::npos) return invalid();
    auto first = net::Address::literal(name.substr(0, dash), 0), last = net::Address::literal(name.substr(dash + 1), 0);
    if (!first || !last || first->family() != AF_INET || last->family() != AF_INET) return invalid();
    auto from = number_of(&*first), to = number_of(&*last);
    if (from > to || from == UINT32_MAX || to == UINT32_MAX) return invalid();
    if (remove) {
        if (!geo.ranges.remove(from, to)) at.warn(cat({"no address range \"", name, "\" to delete"}));
        return conf::ok();
    }
    auto conflict = geo.ranges.add(from, to, words[1]);
    if (!conflict) return conf::ok();
    if (!conflict->duplicate) return conf::refuse(cat({"range \"", name, "\" overlaps \"", conflict->text, "\""}));
    at.warn(cat({"duplicate range \"", name, "\", value: \"", words[1], "\", old value: \"", conflict->text, "\""}));
    return conf::ok();
}

Status entry(Cursor& at, Geo& geo, const std::vector<std::string>& words) {
    if (words.size() == 1 && words[0] == "ranges") {
        if (geo.networks_seen) return conf::refuse("the \"ranges\" directive must be the first directive inside \"geo\" block");
        geo.by_range = true;
        return conf::ok();
    }
    if (words.size() == 1 && words[0] == "proxy_recursive") return geo.proxy_recursive = true, conf::ok();
    if (words.size() == 1 && words[0] == "volatile") return geo.is_volatile = true, conf::ok();
    if (words.size() != 2) return conf::refuse("invalid number of the geo parameters");
    if (words[0] == "proxy") {
        std::optional<net::Cidr> network;
        if (auto bad = read_network(at, words[1], network)) return bad;
        geo.proxies.push_back(*network);
        return conf::ok();
    }
    return geo.by_range ? range_entry(at, geo, words) : network_entry(at, geo, words);
}

Status geo_block(Cursor& at) {
    auto& builder = at.owner<Builder>();
    auto geo = std::make_shared<Geo>();
    for (std::size_t i = 1; i < at.count(); ++i)
        if (!at.arg(i).starts_with('$')) return conf::refuse(cat({"invalid variable name \"", at.arg(i), "\""}));
    if (at.count() == 3) geo->source = builder.variable(std::string_view(at.arg(1)).substr(1));
    auto name = at.arg(at.count() - 1).substr(1);
    if (name.empty()) return conf::refuse("invalid variable name \"$\"");
    auto defined = builder.define(name, [geo](Request& r) { return std::optional(geo->find(r)); });
    if (!defined) return conf::refuse(defined.error().text);
    if (auto bad = at.read_entries([&](auto& words) { return entry(at, *geo, words); })) return bad;
    if (geo->is_volatile) builder.site->variables[builder.variable(name)].cached = false;
    return conf::ok();
}

constexpr conf::Directive kDirectives[] = {
    {"geo", conf::kHttpBlock, conf::kOne | conf::kTwo | conf::kBlock, conf::run<geo_block>},
};

}  // namespace

extern constinit const Module geo_module = {
    .name = "http_geo",
    .directives = kDirectives,
};

}  // namespace bext::http
