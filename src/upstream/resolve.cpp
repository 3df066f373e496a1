#include "upstream/resolve.h"

#include <algorithm>

#include "http/builder.h"
#include "http/connection.h"
#include "http/thread.h"

namespace bext::upstream {

using conf::Status;

Status read_resolver(conf::Cursor& at, net::ResolverSettings& out) {
    for (std::size_t i = 1; i < at.count(); ++i) {
        std::string_view word = at.arg(i);
        auto flag = [&](std::string_view value, bool& to) -> Status {
            if (value != "on" && value != "off") return conf::refuse(cat({"invalid parameter: ", word}));
            to = value == "on";
            return conf::ok();
        };
        Status bad;
        if (word.starts_with("valid=")) {
            auto valid = conf::parse_seconds(word.substr(6));
            if (!valid) return conf::refuse(cat({"invalid parameter: ", word}));
            out.valid = valid->count();
        } else if (word.starts_with("ipv4=")) {
            bad = flag(word.substr(5), out.ipv4);
        } else if (word.starts_with("ipv6=")) {
            bad = flag(word.substr(5), out.ipv6);
        } else {
            Url url;
            if (auto wrong = parse_url(word, 53, false, url)) return conf::refuse(cat({*wrong, " in resolver \"", word, "\""}));
            if (url.address) {
                out.servers.push_back(*url.address);
                continue;
            }
            auto found = at.owner<http::Builder>().names.addresses(std::string(url.host), url.port);
            if (!found) return conf::refuse(cat({found.error().text, " in resolver \"", word, "\""}));
            out.servers.insert(out.servers.end(), found->begin(), found->end());
        }
        if (bad) return bad;
    }
    if (!out.ipv4 && !out.ipv6) return conf::refuse("\"ipv4\" and \"ipv6\" cannot both be \"off\"");
    if (out.servers.empty() && at.count() > 2) return conf::refuse("no name servers defined");
    return conf::ok();
}

Resolvers& Resolvers::here() {
    static const char kKey = 0;
    auto& slot = http::Thread::current().local[&kKey];
    if (!slot) slot = std::make_shared<Resolvers>();
    return *static_cast<Resolvers*>(slot.get());
}

/// A new one is the time to forget those of configurations that are gone.
net::Resolver& Resolvers::of(const std::shared_ptr<const net::ResolverSettings>& settings) {
    auto known = all_.find(settings.get());
    if (known != all_.end() && known->second.settings.lock() == settings) return *known->second.resolver;
    std::erase_if(all_, [](auto& entry) { return entry.second.settings.expired(); });
    auto& made = all_[settings.get()];
    made = {settings, std::make_shared<net::Resolver>(*settings)};
    return *made.resolver;
}

Task<int> resolve(http::Request& r, const Url& url, std::shared_ptr<Group>& out) {
    auto& naming = r.conf<Naming>();
    auto& settings = *naming.resolver;
    if (!settings || settings->servers.empty()) {
        r.log(Level::kError, cat({"no resolver defined to resolve ", url.host}));
        co_return http::status::kBadGateway;
    }
    net::Gate gate;
    http::AbortWatch watch;
    watch.join(r.main.watches, [](void* context) { static_cast<net::Gate*>(context)->open(net::Wait::kCancelled); }, &gate);
    std::string name(url.host);
    auto timeout = static_cast<std::uint64_t>(naming.timeout->count());
    auto found = co_await Resolvers::here().of(settings).find(name, timeout, gate);
    watch.leave();
    if (found.code == ECANCELED) co_return http::status::kClientClosed;
    if (found.code) {
        r.log(Level::kError, cat({url.host, " could not be resolved (", std::to_string(found.code), ": ",
                                  net::Resolver::error_text(found.code), ")"}));
        co_return http::status::kBadGateway;
    }
    // As nginx: in the order in which they came, later from anywhere.
    auto first = found.cached ? http::Thread::current().random() % found.addresses.size() : 0;
    std::rotate(found.addresses.begin(), found.addresses.begin() + static_cast<std::ptrdiff_t>(first), found.addresses.end());
    out = std::make_shared<Group>();
    out->name = name;
    for (auto& address : found.addresses) {
        auto peer = std::make_unique<Peer>();
        address.set_port(url.port);
        peer->address = address;
        peer->name = address.text();
        peer->server = name;
        out->add(false, std::move(peer));
    }
    out->finish();
    co_return 0;
}

}  // namespace bext::upstream
