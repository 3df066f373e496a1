#include "takeover/nameservers.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>

#include "base/fd.h"
#include "base/text.h"
#include "net/address.h"
#include "takeover/checks.h"
#include "takeover/disk.h"

namespace bext::takeover {
namespace {

constexpr int kPatience = 1000;  // ms
constexpr const char* kResolvConf = "/etc/resolv.conf";

bool is_number(std::string_view host) {
    return host.starts_with('[') || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// Whether serving has to look a name up: a host of a *_pass or of an upstream's server that is no address and no block.
bool looks_up(const Survey& survey) {
    std::vector<std::string> blocks;
    for (auto* one : survey.named("upstream"))
        if (one->words.size() > 1) blocks.push_back(one->words[1]);
    for (auto& one : survey.directives) {
        bool server = one.words[0] == "server" && !one.inside.empty() && one.inside.back() == "upstream";
        if (one.words.size() < 2 || (!server && !one.words[0].ends_with("_pass"))) continue;
        std::string_view host = one.words[1];
        if (auto scheme = host.find("://"); scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
        if (host.starts_with("unix:") || host.find('$') != std::string_view::npos) continue;
        host = host.substr(0, host.find('/'));
        if (!server && std::find(blocks.begin(), blocks.end(), host) != blocks.end()) continue;
        if (!host.starts_with('[')) host = host.substr(0, host.find(':'));
        if (!host.empty() && !is_number(host) && host != "localhost") return true;
    }
    return false;
}

/// A socket that has asked who serves the root; none when the server cannot even be sent to.
Fd asked(const Nameserver& server) {
    auto host = server.address;
    std::uint16_t port = 53;
    auto colon = host.rfind(':');
    if (colon != std::string::npos && (host.find(':') == colon || host[colon - 1] == ']')) {
        port = static_cast<std::uint16_t>(parse_decimal(std::string_view(host).substr(colon + 1), 65535).value_or(53));
        host.resize(colon);
    }
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    sockaddr_in four{};
    sockaddr_in6 six{};
    four.sin_family = AF_INET, six.sin6_family = AF_INET6;
    four.sin_port = six.sin6_port = htons(port);
    bool is_four = inet_pton(AF_INET, host.c_str(), &four.sin_addr) == 1;
    if (!is_four && inet_pton(AF_INET6, host.c_str(), &six.sin6_addr) != 1) return {};
    Fd fd(socket(is_four ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    auto* to = is_four ? reinterpret_cast<sockaddr*>(&four) : reinterpret_cast<sockaddr*>(&six);
    constexpr char kQuestion[] = "\x0b\xe1\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01";  // NS of "."
    if (!fd || connect(fd.get(), to, is_four ? sizeof four : sizeof six) != 0 || send(fd.get(), kQuestion, sizeof kQuestion - 1, MSG_NOSIGNAL) < 0) return {};
    return fd;
}

}  // namespace

std::vector<Nameserver> nameservers_of(const Survey& survey, const std::string& resolv_conf) {
    std::vector<Nameserver> all;
    auto text = looks_up(survey) ? read_small(resolv_conf) : std::string();
    for (auto line : split(text, '\n')) {
        auto words = split(trim(line), ' ');
        if (words.size() > 1 && words[0] == "nameserver") all.push_back({std::string(trim(words.back())), resolv_conf});
    }
    for (auto* one : survey.named("resolver"))
        for (std::size_t i = 1; i < one->words.size(); ++i) {
            auto& word = one->words[i];
            auto host = std::string_view(word).substr(0, word.starts_with('[') ? std::string::npos : word.find(':'));
            if (word.find('=') == std::string::npos && is_number(host)) all.push_back({word, one->place});
        }
    return all;
}

std::string silent_nameservers(const std::vector<Nameserver>& all) {
    std::vector<Fd> sockets;
    std::vector<pollfd> ready;
    for (auto& one : all) {
        sockets.push_back(asked(one));
        ready.push_back({sockets.back() ? sockets.back().get() : -1, POLLIN, 0});
    }
    std::vector<bool> answered(all.size());
    timespec now{};
    auto ms = [&] { return clock_gettime(CLOCK_MONOTONIC, &now), now.tv_sec * 1000 + now.tv_nsec / 1'000'000; };
    auto waiting = [&] { return std::any_of(ready.begin(), ready.end(), [](auto& one) { return one.fd >= 0; }); };
    for (auto end = ms() + kPatience; waiting() && ms() < end;) {
        poll(ready.data(), ready.size(), static_cast<int>(std::max<long>(end - ms(), 0)));
        for (std::size_t i = 0; i < ready.size(); ++i) {
            if (ready[i].fd < 0 || !ready[i].revents) continue;
            char answer[512];
            answered[i] = recv(ready[i].fd, answer, sizeof answer, 0) > 0;  // an error: nobody is there
            ready[i].fd = -1;
        }
    }
    std::string text;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (!answered[i]) text += cat({text.empty() ? "" : "; ", "the nameserver ", all[i].address, " (", all[i].place, ") does not answer"});
    return text;
}

Check check_nameservers(const Subject& subject) {
    auto all = nameservers_of(subject.survey, kResolvConf);
    Check check{"Name Servers", false, Verdict::kPass, all.empty() ? "no name has to be looked up" : std::to_string(all.size()) + " asked", "", ""};
    check.reason = silent_nameservers(all);
    if (check.reason.empty()) return check;
    check.verdict = Verdict::kWarn;
    check.mend = "starting takes as long as looking the names up does, which may be longer than --timeout; correct it, or use addresses";
    return check;
}

}  // namespace bext::takeover
