// Resolver: looks names up while serving, without waiting on the thread (ngx_resolver.c). One per thread and `resolver`.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/task.h"
#include "net/dns.h"
#include "net/stream.h"

namespace bext::net {

struct ResolverSettings {
    std::vector<Address> servers;
    std::int64_t valid = 0;  ///< seconds that answers are kept; 0: as long as they say
    bool ipv4 = true, ipv6 = true;
};

class Resolver : public std::enable_shared_from_this<Resolver> {
public:
    struct Found {
        std::vector<Address> addresses;
        int code = 0;         ///< a DNS error, or ETIMEDOUT
        bool cached = false;  ///< remembered from an earlier question
    };

    explicit Resolver(const ResolverSettings& settings) : settings_(settings) {}

    /// The addresses of `name`, from memory or by asking. Opening `gate` ends the wait: ECANCELED.
    Task<Found> find(std::string name, std::uint64_t timeout_ms, Gate& gate);
    /// nginx's words for Found::code.
    static std::string_view error_text(int code);

private:
    struct Entry {
        Found found;
        std::int64_t expires = 0;  // seconds
        bool asking = false;
        std::vector<Gate*> waiting;
    };
    struct Question;

    static Task<> look_up(std::shared_ptr<Resolver> self, std::string name, std::uint64_t timeout_ms);
    Task<Found> ask(std::string name, std::uint64_t deadline, std::int64_t& ttl);
    Task<bool> ask_server(Question& question, const Address& server, std::uint64_t limit);
    Task<bool> ask_tcp(Question& question, const Address& server, std::uint64_t limit, std::size_t which);

    ResolverSettings settings_;
    std::unordered_map<std::string, Entry> entries_;
    std::size_t next_server_ = 0;
};

}  // namespace bext::net
