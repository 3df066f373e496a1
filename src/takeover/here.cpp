#include "takeover/here.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/fd.h"

namespace bext::takeover {
namespace {


struct Question {
    nlmsghdr header;
    rtmsg route;
    rtattr attribute;
    char bytes[16];
};

}  // namespace

bool is_here(const net::Address& address) {
    if (address.family() != AF_INET && address.family() != AF_INET6) return true;
    Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!fd) return true;
    auto bytes = address.bytes();
    Question question{};
    question.header.nlmsg_type = RTM_GETROUTE;
    question.header.nlmsg_flags = NLM_F_REQUEST;
    question.route.rtm_family = static_cast<unsigned char>(address.family());
    question.route.rtm_dst_len = static_cast<unsigned char>(bytes.size() * 8);
    question.attribute.rta_type = RTA_DST;
    question.attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(bytes.size()));
    std::memcpy(question.bytes, bytes.data(), bytes.size());
    question.header.nlmsg_len = static_cast<std::uint32_t>(sizeof(nlmsghdr) + sizeof(rtmsg) + RTA_LENGTH(bytes.size()));
    if (send(fd.get(), &question, question.header.nlmsg_len, 0) < 0) return true;
    alignas(nlmsghdr) char answer[4096];
    auto size = recv(fd.get(), answer, sizeof answer, 0);
    auto* header = reinterpret_cast<nlmsghdr*>(answer);
    if (size < static_cast<ssize_t>(sizeof(nlmsghdr))) return true;
    if (header->nlmsg_type != RTM_NEWROUTE) return false;  // no route at all
    return static_cast<rtmsg*>(NLMSG_DATA(header))->rtm_type == RTN_LOCAL;
}

std::vector<std::string> remove_absent(std::vector<Target>& targets) {
    std::map<std::string, bool> known;
    std::erase_if(targets, [&known](auto& target) {
        auto [found, is_new] = known.try_emplace(target.address.text(), true);
        if (is_new) found->second = is_here(target.address);
        return !found->second;
    });
    std::vector<std::string> absent;
    for (auto& [text, here] : known)
        if (!here) absent.push_back(text);
    return absent;
}

}  // namespace bext::takeover
