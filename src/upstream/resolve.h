// `resolver`: the addresses of names that are only known when a request comes.
#pragma once

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

/// A group of the addresses of url.host. 0, or the status to answer with (logged).
Task<int> resolve(http::Request& request, const Url& url, std::shared_ptr<Group>& out);

}  // namespace bext::upstream
