#include "net/names.h"

#include <netdb.h>

namespace bext::net {

Result<std::vector<Address>> Names::addresses(const std::string& host, std::uint16_t port) {
    if (auto literal = Address::literal(host, port)) return std::vector<Address>{*literal};
    auto found = look_up(host);
    if (found.empty()) return Error{"host not found"};
    for (auto& address : found) address.set_port(port);
    return found;
}

std::vector<Address> SystemNames::look_up(const std::string& name) {
    auto [at, fresh] = found_.try_emplace(name);
    if (!fresh) return at->second;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    if (::getaddrinfo(name.c_str(), nullptr, &hints, &list) != 0) return {};
    for (int family : {AF_INET, AF_INET6})
        for (auto* i = list; i; i = i->ai_next)
            if (i->ai_family == family) at->second.emplace_back(i->ai_addr, i->ai_addrlen);
    ::freeaddrinfo(list);
    return at->second;
}

}  // namespace bext::net
