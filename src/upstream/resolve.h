// `resolver`: the addresses of names that are only known when a request comes.
#pragma once

#include <memory>
#include <unordered_map>

#include "conf/into.h"
#include "http/request.h"
#include "net/resolver.h"
#include "upstream/peers.h"
#include "upstream/url.h"

namespace bext::upstream {

/// `resolver` and `resolver_timeout`.
struct Naming {
    conf::Setting<std::shared_ptr<const net::ResolverSettings>> resolver;
    conf::Setting<conf::Millis> timeout{conf::Millis(30000)};
};

/// Reads the words of a `resolver` directive.
conf::Status read_resolver(conf::Cursor& at, net::ResolverSettings& out);

/// A thread's resolvers, one for each `resolver` of the configurations that are in use.
class Resolvers {
public:
    static Resolvers& here();
    net::Resolver& of(const std::shared_ptr<const net::ResolverSettings>& settings);
    std::size_t size() const { return all_.size(); }

private:
    struct One {
        std::weak_ptr<const net::ResolverSettings> settings;
        std::shared_ptr<net::Resolver> resolver;
    };
    std::unordered_map<const net::ResolverSettings*, One> all_;
};

/// A group of the addresses of url.host. 0, or the status to answer with (logged).
Task<int> resolve(http::Request& request, const Url& url, std::shared_ptr<Group>& out);

}  // namespace bext::upstream
