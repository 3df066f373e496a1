// upstream: named groups of servers. https://nginx.org/en/docs/http/ngx_http_upstream_module.html
#include "http/builder.h"
#include "http/module.h"
#include "http/zones.h"
#include "upstream/groups.h"
#include "upstream/variables.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;
using upstream::Group;
using upstream::Peer;

/// The `upstream` block being read.
struct Block {
    std::shared_ptr<Group> group;
    bool keepalive_given = false, time = false, timeout = false, requests = false;
};

Status upstream_block(Cursor& at) {
    auto& builder = at.owner<Builder>();
    auto& block = at.block().add_inner(false);
    auto& here = *static_cast<Block*>(block.own(conf::record<Block>));
    if (auto bad = upstream::Groups::of(builder)->create(at, at.arg(1), here.group)) return bad;
    auto& kept = here.group->keepalive;
    auto nginx = builder.site->nginx;
    if (compatible::keeps_upstream_connections(nginx)) kept.connections = 32;
    kept.local = true;
    kept.requests = compatible::keepalive_requests(nginx);
    if (!compatible::limits_keepalive_time(nginx)) kept.time_ms = INT64_MAX;
    if (auto bad = at.read_block(block, conf::kUpstream)) return bad;
    if (here.group->main.peers.empty() && here.group->backup.peers.empty()) return conf::refuse("no servers are inside upstream");
    return conf::ok();
}

struct ServerLine {
    int weight = 1, max_fails = 1;
    unsigned max_conns = 0;
    std::int64_t fail_timeout = 10;
    bool backup = false, down = false;
};

Status server_parameter(const std::string& word, ServerLine& line) {
    std::string_view text = word;
    auto invalid = [&] { return conf::refuse(cat({"invalid parameter \"", word, "\""})); };
    auto number = [&](std::string_view prefix) { return parse_decimal(text.substr(prefix.size()), INT32_MAX); };
    if (text.starts_with("weight=")) {
        auto n = number("weight=");
        if (!n || *n == 0) return invalid();
        line.weight = static_cast<int>(*n);
    } else if (text.starts_with("max_conns=")) {
        auto n = number("max_conns=");
        if (!n) return invalid();
        line.max_conns = static_cast<unsigned>(*n);
    } else if (text.starts_with("max_fails=")) {
        auto n = number("max_fails=");
        if (!n) return invalid();
        line.max_fails = static_cast<int>(*n);
    } else if (text.starts_with("fail_timeout=")) {
        auto n = conf::parse_seconds(text.substr(13));
        if (!n) return invalid();
        line.fail_timeout = n->count();
    } else if (text == "backup") {
        line.backup = true;
    } else if (text == "down") {
        line.down = true;
    } else if (text == "resolve" || text == "drain" || text.starts_with("service=") || text.starts_with("route=")) {
        return conf::refuse(cat({"parameter \"", word, "\" is not supported by this version of bext"}));
    } else {
        return invalid();
    }
    return conf::ok();
}

Status server(Cursor& at, Block& block) {
    ServerLine line;
    for (std::size_t i = 2; i < at.count(); ++i)
        if (auto bad = server_parameter(at.arg(i), line)) return bad;
    upstream::Url url;
    if (auto wrong = upstream::parse_url(at.arg(1), 80, false, url))
        return conf::refuse(cat({*wrong, " in upstream \"", at.arg(1), "\""}));
    std::vector<net::Address> addresses;
    if (url.address) {
        addresses.push_back(*url.address);
    } else {
        auto found = at.owner<Builder>().names.addresses(std::string(url.host), url.port);
        if (!found) return conf::refuse(cat({found.error().text, " in upstream \"", at.arg(1), "\""}));
        addresses = std::move(*found);
    }
    for (auto& address : addresses) {
        auto peer = std::make_unique<Peer>();
        peer->address = address;
        peer->name = address.text();
        peer->server = at.arg(1);
        peer->weight = line.weight;
        peer->max_conns = line.max_conns;
        peer->max_fails = line.max_fails;
        peer->fail_timeout = line.fail_timeout;
        peer->down = line.down;
        block.group->add(line.backup, std::move(peer));
    }
    return conf::ok();
}

Status keepalive(Cursor& at, Block& block) {
    if (std::exchange(block.keepalive_given, true)) return conf::directive_is("is duplicate");
    auto count = parse_decimal(at.arg(1));
    bool zero = count && *count == 0 && compatible::refuses_keepalive_zero(at.owner<Builder>().site->nginx);
    if (!count || zero) return conf::refuse(cat({"invalid value \"", at.arg(1), "\" in \"", at.name(), "\" directive"}));
    block.group->keepalive.connections = *count;
    block.group->keepalive.local = false;
    if (at.count() == 3) {
        if (at.arg(2) != "local") return conf::refuse(cat({"invalid parameter \"", at.arg(2), "\""}));
        block.group->keepalive.local = true;
    }
    return conf::ok();
}

Status millis(Cursor& at, bool& given, std::int64_t& out) {
    if (std::exchange(given, true)) return conf::directive_is("is duplicate");
    auto value = conf::parse_millis(at.arg(1));
    if (!value) return conf::directive_is("invalid value");
    out = value->count();
    return conf::ok();
}

Status keepalive_time(Cursor& at, Block& block) { return millis(at, block.time, block.group->keepalive.time_ms); }
Status keepalive_timeout(Cursor& at, Block& block) { return millis(at, block.timeout, block.group->keepalive.timeout_ms); }

Status keepalive_requests(Cursor& at, Block& block) {
    if (std::exchange(block.requests, true)) return conf::directive_is("is duplicate");
    auto count = parse_decimal(at.arg(1));
    if (!count) return conf::directive_is("invalid number");
    block.group->keepalive.requests = static_cast<std::int64_t>(*count);
    return conf::ok();
}

/// The state of peers is shared by all threads as it is: `zone` is checked and otherwise without effect.
Status zone(Cursor& at, Block&) {
    if (at.arg(1).empty()) return conf::refuse(cat({"invalid zone name \"", at.arg(1), "\""}));
    auto size = at.count() == 2 ? std::optional<std::uint64_t>(0) : conf::parse_size(at.arg(2));
    if (!size) return conf::refuse(cat({"invalid zone size \"", at.arg(2), "\""}));
    if (at.count() > 2 && *size < 8 * 4096) return conf::refuse(cat({"zone \"", at.arg(1), "\" is too small"}));
    auto& builder = at.owner<Builder>();
    if (auto named = name_zone(builder, at.arg(1), *size, "upstream"); !named) return conf::refuse(named.error().text);
    return check_zones(builder, "upstream");
}

constexpr conf::Directive kDirectives[] = {
    {"upstream", conf::kHttpBlock, conf::kOne | conf::kBlock, conf::run<upstream_block>},
    {"server", conf::kUpstream, conf::kOneOrMore, conf::call<server>},
};

// Modules of their own in nginx, as `-V` shows.
constexpr conf::Directive kKeepAlive[] = {
    {"keepalive", conf::kUpstream, conf::kOne | conf::kTwo, conf::call<keepalive>},
    {"keepalive_time", conf::kUpstream, conf::kOne, conf::call<keepalive_time>},
    {"keepalive_timeout", conf::kUpstream, conf::kOne, conf::call<keepalive_timeout>},
    {"keepalive_requests", conf::kUpstream, conf::kOne, conf::call<keepalive_requests>},
};
constexpr conf::Directive kZone[] = {
    {"zone", conf::kUpstream, conf::kOne | conf::kTwo, conf::call<zone>},
};

/// When the http block closes: hosts that are no upstream block are looked up.
Status prepare(Cursor&, Builder& builder) { return upstream::Groups::of(builder)->finish(builder.names); }

}  // namespace

extern const Module upstream_groups, upstream_keepalive, upstream_zone;
const Module upstream_groups = {
    .name = "http_upstream",
    .records = records_of<Block>,
    .directives = kDirectives,
    .variables = upstream::variables(),
    .merged = prepare,
};
const Module upstream_keepalive = {.name = "http_upstream_keepalive", .directives = kKeepAlive};
const Module upstream_zone = {.name = "http_upstream_zone", .directives = kZone};

}  // namespace bext::http
