#include "takeover/backends.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/fd.h"
#include "base/text.h"
#include "net/names.h"

namespace bext::takeover {
namespace {

constexpr int kConnectTime = 500;  // ms

struct Seen {
    Health health = Health::kUnknown;
    std::string reason;
};

/// Nothing when the address accepts a connection, otherwise why it does not.
std::string refusal_of(const net::Address& address) {
    Fd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return strerror(errno);
    if (connect(fd.get(), address.raw(), address.size()) == 0) return "";
    pollfd ready{fd.get(), POLLOUT, 0};
    int error = errno;
    socklen_t size = sizeof error;
    if (error != EINPROGRESS) return strerror(error);
    if (poll(&ready, 1, kConnectTime) != 1) return "no answer within " + std::to_string(kConnectTime) + " ms";
    if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    return error ? strerror(error) : "";
}

/// The part of an address that says where to connect: without its scheme, and `port` as the scheme has it.
std::string without_scheme(std::string text, std::uint16_t& port) {
    for (auto [scheme, its] : {std::pair{"http://", 80}, {"https://", 443}, {"grpc://", 80}, {"grpcs://", 443}, {"uwsgi://", 80}})
        if (text.starts_with(scheme)) {
            port = static_cast<std::uint16_t>(its);
            return text.substr(std::string_view(scheme).size());
        }
    return text;
}

/// "HOST:PORT/…" or "unix:…" as addresses, `port` when it names none.
Result<std::vector<net::Address>> addresses_of(std::string text, std::uint16_t port) {
    if (text.starts_with("unix:")) {
        auto address = net::Address::unix_path(text.substr(5, text.find(':', 5) - 5));
        if (!address) return address.error();
        return std::vector{*address};
    }
    text.resize(std::min(text.find('/'), text.size()));
    auto colon = text.rfind(':'), bracket = text.rfind(']');
    if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
        port = static_cast<std::uint16_t>(parse_decimal(text.substr(colon + 1), 65535).value_or(port));
        text.resize(colon);
    }
    auto found = net::SystemNames().addresses(text, port);
    if (!found) return Error{"the host " + text + " is not known"};
    return found;
}

Seen look_at(const std::string& text) {
    if (text.find('$') != std::string::npos) return {Health::kUnknown, "the address is made of variables"};
    std::uint16_t port = 80;
    auto rest = without_scheme(text, port);
    auto addresses = addresses_of(rest, port);
    if (!addresses) return {Health::kDown, addresses.error().text};
    std::string reason = "it has no address";
    for (auto& address : *addresses)
        if (reason = refusal_of(address); reason.empty()) return {Health::kUp, ""};
    return {Health::kDown, reason};
}

/// Whether a *_pass names an upstream block, which stands for its servers.
bool names_block(const std::string& text, const std::set<std::string>& blocks) {
    std::uint16_t port = 0;
    auto rest = without_scheme(text, port);
    return blocks.contains(rest.substr(0, rest.find('/')));
}

/// What servers of a stream block that listen for UDP pass to: addresses and blocks.
std::set<std::string> asked_by_udp(const Survey& survey) {
    std::set<std::string> all, passes;
    bool udp = false;
    auto end_server = [&] {
        if (udp) all.insert(passes.begin(), passes.end());
        udp = false;
        passes.clear();
    };
    for (auto& one : survey.directives) {
        if (one.inside.empty() || one.inside.front() != "stream") continue;
        if (one.inside.size() == 1) end_server();
        if (one.words[0] == "listen") udp |= std::find(one.words.begin(), one.words.end(), "udp") != one.words.end();
        if (one.words[0] == "proxy_pass" && one.words.size() > 1) passes.insert(one.words[1]);
    }
    end_server();
    return all;
}

}  // namespace

const char* name_of(Health health) { return health == Health::kUp ? "up" : health == Health::kDown ? "down" : "unknown"; }

std::vector<Backend> backends_of(const Survey& survey) {
    std::set<std::string> blocks;
    for (auto* one : survey.named("upstream"))
        if (one->words.size() > 1) blocks.insert(one->words[1]);
    std::vector<Backend> all;
    std::map<std::string, Seen> seen;
    std::string block;
    auto udp = asked_by_udp(survey);
    for (auto& one : survey.directives) {
        auto& words = one.words;
        if (words.size() < 2) continue;
        if (words[0] == "upstream") block = words[1];
        bool server = words[0] == "server" && !one.inside.empty() && one.inside.back() == "upstream";
        if (!server && (!words[0].ends_with("_pass") || names_block(words[1], blocks))) continue;
        Backend backend{words[1], server ? block : "", one.place, Health::kUnknown, "the configuration marks it as down", false};
        backend.backup = server && std::find(words.begin() + 2, words.end(), "backup") != words.end();
        if (one.inside.front() == "stream" && udp.contains(server ? block : words[1])) {
            backend.reason = "it is asked by UDP, which says nothing of whether somebody is there";
        } else if (!server || std::find(words.begin() + 2, words.end(), "down") == words.end()) {
            auto found = seen.find(words[1]);
            if (found == seen.end()) found = seen.emplace(words[1], look_at(words[1])).first;
            backend.health = found->second.health;
            backend.reason = found->second.reason;
        }
        all.push_back(std::move(backend));
    }
    return all;
}

}  // namespace bext::takeover
