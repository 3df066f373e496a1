#include "net/resolver.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "net/loop.h"
#include "net/socket.h"

namespace bext::net {
namespace {

constexpr std::uint64_t kResend = 5000;  // ms, as nginx
constexpr int kMostAliases = 50;
constexpr std::size_t kMostEntries = 4096;

std::uint32_t random_bits() {
    std::uint32_t bits = 0;
    if (::getrandom(&bits, sizeof bits, 0) != sizeof bits) bits = static_cast<std::uint32_t>(::rand());
    return bits;
}

using SocketPtr = std::unique_ptr<Socket, Socket::Destroy>;

/// A socket connected to `server`, on a port of its own.
SocketPtr open(const Address& server, int type) {
    Fd fd(::socket(server.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return nullptr;
    bool connecting = ::connect(fd.get(), server.raw(), server.size()) < 0;
    if (connecting && errno != EINPROGRESS) return nullptr;
    return SocketPtr(new Socket(std::move(fd), connecting));
}

ssize_t write_all(Socket& socket, const std::string& bytes) {
    struct iovec piece {const_cast<char*>(bytes.data()), bytes.size()};
    return socket.write({&piece, 1}, false);
}

std::uint64_t until(std::uint64_t deadline) {
    auto now = Loop::current().now();
    return now < deadline ? deadline - now : 1;
}

}  // namespace

/// What is asked of one name: its addresses of either kind.
struct Resolver::Question {
    struct Part {
        dns::Type type;
        std::uint16_t id;
        std::optional<dns::Answer> answer;
    };
    std::string name;
    std::vector<Part> parts;
    bool answered() const {
        return std::all_of(parts.begin(), parts.end(), [](auto& part) { return part.answer.has_value(); });
    }
};

std::string_view Resolver::error_text(int code) {
    switch (code) {
        case 1: return "Format error";
        case 2: return "Server failure";
        case 3: return "Host not found";
        case 4: return "Unimplemented";
        case 5: return "Operation refused";
        case ETIMEDOUT: return "Operation timed out";
        default: return "Unknown error";
    }
}

Task<Resolver::Found> Resolver::find(std::string name, std::uint64_t timeout_ms, Gate& gate) {
    name = lower(name);
    if (name.ends_with('.')) name.pop_back();
    auto& entry = entries_[name];
    if (!entry.asking && entry.expires > Loop::current().unix_seconds()) {
        auto known = entry.found;
        known.cached = true;
        co_return known;
    }
    entry.waiting.push_back(&gate);
    if (!entry.asking) {
        spawn(look_up(shared_from_this(), name, timeout_ms));
        // The answer cannot have come yet, but a failure may have.
        if (!entry.asking) co_return entry.found;
    }
    auto wait = co_await Stream::Waiting(gate, false, timeout_ms);
    std::erase(entry.waiting, &gate);
    if (wait == Wait::kTimeout) co_return Found{{}, ETIMEDOUT, false};
    if (wait == Wait::kCancelled) co_return Found{{}, ECANCELED, false};
    co_return entry.found;
}

/// Asks and tells everybody who waits.
Task<> Resolver::look_up(std::shared_ptr<Resolver> self, std::string name, std::uint64_t timeout_ms) {
    auto& entry = self->entries_[name];
    entry.asking = true;
    std::int64_t ttl = 0;
    auto deadline = Loop::current().now() + timeout_ms;
    Found found{{}, 2, false};
    try {
        found = co_await self->ask(name, deadline, ttl);
    } catch (const std::bad_alloc&) {  // who waits is told of a failure
    }
    entry.found = std::move(found);
    entry.asking = false;
    auto now = Loop::current().unix_seconds();
    entry.expires = entry.found.code ? 0 : now + (self->settings_.valid ? self->settings_.valid : ttl);
    auto waiting = std::exchange(entry.waiting, {});
    for (auto* gate : waiting) gate->open(Wait::kReady);
    if (self->entries_.size() > kMostEntries)
        std::erase_if(self->entries_, [&](auto& e) { return !e.second.asking && e.second.waiting.empty() && e.second.expires <= now; });
}

/// Asks the servers in turn until one answers, and follows aliases.
Task<Resolver::Found> Resolver::ask(std::string name, std::uint64_t deadline, std::int64_t& ttl) {
    ttl = UINT32_MAX;
    for (int aliases = 0; aliases <= kMostAliases; ++aliases) {
        Question question{name, {}};
        if (settings_.ipv4) question.parts.push_back({dns::Type::kA, static_cast<std::uint16_t>(random_bits()), {}});
        if (settings_.ipv6) question.parts.push_back({dns::Type::kAaaa, static_cast<std::uint16_t>(random_bits()), {}});
        if (dns::query(0, name, dns::Type::kA).empty()) co_return Found{{}, 3, false};
        while (!question.answered()) {
            if (Loop::current().now() >= deadline) co_return Found{{}, ETIMEDOUT, false};
            auto& server = settings_.servers[next_server_++ % settings_.servers.size()];
            auto limit = Loop::current().now() + std::min(kResend, until(deadline));
            bool done = co_await ask_server(question, server, limit);
            if (!done && Loop::current().now() < limit) co_await Sleep(until(limit));
        }
        Found found;
        std::string alias;
        for (auto& part : question.parts) {
            auto& answer = *part.answer;
            if (answer.code && !found.code) found.code = answer.code;
            alias = answer.alias;  // nginx follows the one that it met last
            if (!answer.addresses.empty() || !answer.alias.empty()) ttl = std::min<std::int64_t>(ttl, answer.ttl);
            found.addresses.insert(found.addresses.end(), answer.addresses.begin(), answer.addresses.end());
        }
        if (found.code) found.addresses.clear();  // an error of either kind is one of the name
        if (!found.addresses.empty() || found.code) co_return found;
        if (alias.empty()) co_return Found{{}, 3, false};
        name = alias;
    }
    co_return Found{{}, 2, false};
}

/// Sends the open parts of the question to one server. True once all are answered; false at the limit or when it cannot
/// be reached.
Task<bool> Resolver::ask_server(Question& question, const Address& server, std::uint64_t limit) {
    auto socket = open(server, SOCK_DGRAM);
    if (!socket) co_return false;
    for (auto& part : question.parts)
        if (!part.answer) write_all(*socket, dns::query(part.id, question.name, part.type));
    char packet[4096];
    while (!question.answered()) {
        auto wait = co_await socket->readable(until(limit));
        if (wait != Wait::kReady) co_return false;
        for (;;) {
            ssize_t n = socket->read(packet);
            if (n == -EAGAIN) break;
            if (n < 0) co_return false;
            for (std::size_t i = 0; i < question.parts.size(); ++i) {
                auto& part = question.parts[i];
                if (part.answer) continue;
                part.answer = dns::parse({packet, static_cast<std::size_t>(n)}, part.id, question.name, part.type);
                if (!part.answer || !part.answer->truncated) continue;
                part.answer.reset();
                bool got = co_await ask_tcp(question, server, limit, i);
                if (!got) co_return false;
            }
        }
    }
    co_return true;
}

/// The same over TCP, for an answer too long for a packet.
Task<bool> Resolver::ask_tcp(Question& question, const Address& server, std::uint64_t limit, std::size_t which) {
    auto& part = question.parts[which];
    auto socket = open(server, SOCK_STREAM);
    if (!socket) co_return false;
    auto wait = co_await socket->writable(until(limit));
    if (wait != Wait::kReady || socket->connect_error()) co_return false;
    auto text = dns::query(part.id, question.name, part.type);
    std::string framed{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 0xff)};
    if (write_all(*socket, framed + text) < 0) co_return false;
    std::string reply;
    std::size_t size = 2;
    while (reply.size() < size) {
        wait = co_await socket->readable(until(limit));
        if (wait != Wait::kReady) co_return false;
        char bytes[4096];
        ssize_t n = socket->read(bytes);
        if (n == -EAGAIN) continue;
        if (n <= 0) co_return false;
        reply.append(bytes, static_cast<std::size_t>(n));
        if (reply.size() >= 2) size = 2 + (static_cast<unsigned char>(reply[0]) << 8 | static_cast<unsigned char>(reply[1]));
    }
    part.answer = dns::parse(std::string_view(reply).substr(2, size - 2), part.id, question.name, part.type);
    if (part.answer) part.answer->truncated = false;
    co_return part.answer.has_value();
}

}  // namespace bext::net
