// Private network: a loopback of its own, on which the addresses and ports of the configuration are free, although nginx
// has them. network_namespaces(7)
#pragma once

#include <functional>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "net/address.h"

namespace bext::takeover {

class PrivateNetwork {
public:
    /// Makes one in which `addresses` are this machine's. It is gone with the last socket and descriptor that is in it.
    static Result<PrivateNetwork> create(const std::vector<net::Address>& addresses);

    /// Has the calling thread do `work` in it; what sockets it opens stay there.
    Result<> inside(const std::function<Result<>()>& work) const;
    /// A stream socket that connects there.
    Fd socket(int family) const;

private:
    Fd handle_;
};

}  // namespace bext::takeover
