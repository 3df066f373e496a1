#include "takeover/probe.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <optional>

#include "base/fd.h"
#include "base/text.h"
#include "tls/client.h"

namespace bext::takeover {
namespace {

using Clock = std::chrono::steady_clock;
constexpr timeval kProbeTime{5, 0};
constexpr std::size_t kFewest = 4, kMostOfProbe = 256;  // connections at once

Result<Fd> connect_to(const Target& target) {
    Fd fd(socket(target.address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return Error::from_errno("socket()");
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kProbeTime, sizeof kProbeTime);
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kProbeTime, sizeof kProbeTime);
    if (connect(fd.get(), target.address.raw(), target.address.size()) != 0) return Error::from_errno("connect() to " + target.text());
    return fd;
}

struct ProbeQuestion {
    nlmsghdr header;
    inet_diag_req_v2 request;
};

net::Address own_address(int fd, int (*get)(int, sockaddr*, socklen_t*)) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    get(fd, reinterpret_cast<sockaddr*>(&address), &size);
    return {reinterpret_cast<sockaddr*>(&address), size};
}

/// The inode of the socket at the other end of a connection within this machine; 0 while nobody has accepted it.
std::uint64_t peer_inode(int netlink, int fd) {
    auto here = own_address(fd, getsockname), there = own_address(fd, getpeername);
    ProbeQuestion question{};
    question.header = {sizeof question, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0};
    question.request.sdiag_family = static_cast<std::uint8_t>(there.family());
    question.request.sdiag_protocol = IPPROTO_TCP;
    question.request.idiag_states = ~0u;
    auto& id = question.request.id;
    id.idiag_sport = htons(there.port());
    id.idiag_dport = htons(here.port());
    std::memcpy(id.idiag_src, there.bytes().data(), there.bytes().size());
    std::memcpy(id.idiag_dst, here.bytes().data(), here.bytes().size());
    id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    alignas(nlmsghdr) std::array<char, 8192> bytes;
    if (send(netlink, &question, sizeof question, 0) < 0) return 0;
    auto size = recv(netlink, bytes.data(), bytes.size(), 0);
    auto* header = reinterpret_cast<nlmsghdr*>(bytes.data());
    if (size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(inet_diag_msg))) || header->nlmsg_type != SOCK_DIAG_BY_FAMILY) return 0;
    return static_cast<inet_diag_msg*>(NLMSG_DATA(header))->idiag_inode;
}

int status_in(std::string_view head) {
    if (!head.starts_with("HTTP/1.") || head.size() < 12) return 0;
    return static_cast<int>(parse_decimal(head.substr(9, 3)).value_or(0));
}

/// Sends the request with `write` and reads the first line of the answer with `read`.
template <class Write, class Read>
int exchange(const Target& target, Write write, Read read) {
    auto request = cat({"GET / HTTP/1.1\r\nHost: ", target.name, "\r\nUser-Agent: bext-takeover\r\nAccept: */*\r\nConnection: close\r\n\r\n"});
    std::string head;
    for (bool more = write(request); more && head.find('\n') == std::string::npos && head.size() < 8192;) more = read(head);
    return status_in(head);
}

int talk(const Target& target, int fd) {
    if (target.proxy_protocol) {
        constexpr std::string_view kUnknown = "PROXY UNKNOWN\r\n";
        if (send(fd, kUnknown.data(), kUnknown.size(), MSG_NOSIGNAL) < 0) return 0;
    }
    if (!target.tls)
        return exchange(
            target, [&](std::string_view text) { return send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0; },
            [&](std::string& head) {
                std::array<char, 4096> bytes;
                auto size = recv(fd, bytes.data(), bytes.size(), 0);
                if (size > 0) head.append(bytes.data(), static_cast<std::size_t>(size));
                return size > 0;
            });
    auto client = tls::Client::handshake(fd, target.name);
    if (!client) return 0;
    return exchange(
        target, [&](std::string_view text) { return static_cast<bool>(client->write(text)); },
        [&](std::string& head) {
            auto piece = client->read();
            if (piece) head += *piece;
            return piece && !piece->empty();
        });
}

Answer talk_timed(const Target& target, int fd) {
    auto began = Clock::now();
    Answer answer;
    answer.status = talk(target, fd);
    answer.milliseconds = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count());
    return answer;
}

/// The first of these connections that an owner accepted; all are waited for, as long as the accepting takes.
std::optional<std::size_t> accepted_by(const std::vector<Fd>& fds, const Owner& owner, int netlink) {
    constexpr int kPatience = 1500;  // ms; a deferred accept() waits for one second
    std::vector<bool> known(fds.size());
    for (int waited = 0; waited < kPatience; waited += 2) {
        bool all = true;
        for (std::size_t i = 0; i < fds.size(); ++i) {
            if (known[i]) continue;
            auto inode = peer_inode(netlink, fds[i].get());
            if (inode && owner(inode)) return i;
            known[i] = inode != 0;
            all = all && known[i];
        }
        if (all) break;
        usleep(2000);
    }
    return std::nullopt;
}

std::string example_of(const http::ServerName& name) {
    if (name.regex || name.text.empty() || name.text == "_") return "localhost";
    if (name.text.starts_with("*.")) return "bext-takeover" + name.text.substr(1);
    if (name.text.starts_with(".")) return name.text.substr(1);
    if (name.text.ends_with(".*")) return name.text.substr(0, name.text.size() - 1) + "test";
    return name.text;
}

}  // namespace

std::string Target::text() const { return cat({tls ? "https://" : "http://", address.text(), " (", name, ")"}); }

std::vector<Target> targets_of(const loader::Configuration& configuration) {
    std::vector<Target> first, others;
    for (auto& listen : configuration.site->listens) {
        if (listen->options.quic || listen->address.family() == AF_UNIX) continue;
        Target target{listen->address, "localhost", listen->options.ssl, listen->options.proxy_protocol, nullptr};
        if (listen->address.wildcard())
            target.address = *net::Address::literal(listen->address.family() == AF_INET6 ? "::1" : "127.0.0.1", listen->address.port());
        std::set<std::string> names;
        for (auto* server : listen->hosts.servers())
            for (auto& name : server->names) names.insert(example_of(name));
        if (names.empty()) names.insert("localhost");
        bool begun = false;
        for (auto& name : names) {
            target.name = name;
            target.server = listen->hosts.find(name).server;
            (begun ? others : first).push_back(target);
            begun = true;
        }
    }
    first.insert(first.end(), others.begin(), others.end());
    return first;
}

Result<Answer> ask(const Target& target) {
    auto fd = connect_to(target);
    if (!fd) return fd.error();
    return talk_timed(target, fd->get());
}

// Of several processes that wait on one socket the kernel wakes the same one first for every single connection; only of
// many connections at once every process gets some.
Result<Answer> ask_owner(const Target& target, const Owner& owner, int timeout_ms) {
    Fd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    if (!netlink) return Error::from_errno("socket(AF_NETLINK)");
    auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
    for (auto count = kFewest; Clock::now() < end; count = std::min(count * 2, kMostOfProbe)) {
        std::vector<Fd> fds;
        for (std::size_t i = 0; i < count; ++i) {
            auto fd = connect_to(target);
            if (!fd) return fd.error();
            fds.push_back(*std::move(fd));
        }
        if (auto one = accepted_by(fds, owner, netlink.get())) {
            auto chosen = std::move(fds[*one]);
            fds.clear();
            return talk_timed(target, chosen.get());
        }
    }
    return Error{"no connection to " + target.text() + " was accepted by it within " + std::to_string(timeout_ms / 1000) + " s"};
}

bool worse(const Answer& now, const Answer& before) {
    auto bad = [](const Answer& answer) { return answer.status == 0 || answer.status >= 500; };
    return bad(now) && !bad(before);
}

}  // namespace bext::takeover
