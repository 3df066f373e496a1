#include "handoff/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/wire.h"

namespace bext::handoff {
namespace {

constexpr std::size_t kPacket = Channel::kLongestText + Channel::kBatch * 16 + 256;

std::string packet_of(Kind kind, std::uint64_t generation, bool more, std::string_view text, const Loan* loans,
                      std::size_t count) {
    WireWriter wire;
    wire.number(static_cast<std::uint8_t>(kind));
    wire.number<std::uint8_t>(more);
    wire.number(generation);
    wire.text(text);
    wire.number<std::uint32_t>(static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        wire.number(static_cast<std::uint8_t>(loans[i].tag.role));
        wire.number(loans[i].tag.index);
        wire.number(loans[i].tag.copy);
    }
    return wire.take();
}

std::vector<Fd> take_descriptors(msghdr& header) {
    std::vector<Fd> fds;
    for (auto* part = CMSG_FIRSTHDR(&header); part; part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
            fds.emplace_back(fd);
        }
    }
    return fds;
}

}  // namespace

Fd Message::take(Role role) {
    for (auto& handle : handles)
        if (handle.tag.role == role && handle.fd) return std::move(handle.fd);
    return {};
}

Result<std::pair<Channel, Channel>> Channel::pair() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return Error::from_errno("socketpair()");
    return std::pair{Channel(Fd(ends[0])), Channel(Fd(ends[1]))};
}

void Channel::close() {
    fd_.reset();
    partial_ = {};
}

Result<> Channel::send(Kind kind, std::uint64_t generation, std::string_view text, const std::vector<Loan>& loans,
                       int timeout_ms) {
    text = text.substr(0, kLongestText);
    std::size_t sent = 0;
    do {
        auto count = std::min(kBatch, loans.size() - sent);
        bool more = sent + count < loans.size();
        auto bytes = packet_of(kind, generation, more, sent ? std::string_view() : text, loans.data() + sent, count);
        if (auto result = send_packet(bytes, loans.data() + sent, count, timeout_ms); !result) return result;
        sent += count;
    } while (sent < loans.size());
    return {};
}

Result<> Channel::send_packet(std::string_view bytes, const Loan* loans, std::size_t count, int timeout_ms) {
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kBatch * sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    if (count > 0) {
        header.msg_control = control.data();
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        auto* part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(count * sizeof(int));
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(CMSG_DATA(part) + i * sizeof(int), &loans[i].fd, sizeof(int));
    }
    constexpr int kStepMs = 50;
    for (int waited = 0;; waited += kStepMs) {
        if (sendmsg(fd_.get(), &header, MSG_NOSIGNAL) >= 0) return {};
        // ETOOMANYREFS: an ordinary user has too many on their way; the other end has to take some.
        bool full = errno == EAGAIN || errno == ETOOMANYREFS || errno == EINTR;
        if (!full || waited >= timeout_ms) return Error::from_errno("sendmsg() to a process's channel");
        pollfd ready{fd_.get(), static_cast<short>(errno == ETOOMANYREFS ? 0 : POLLOUT), 0};
        poll(&ready, 1, kStepMs);
    }
}

Channel::Got Channel::receive(Message& message) {
    while (true) {
        std::array<char, kPacket> bytes;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(kBatch * sizeof(int))> control;
        iovec piece{bytes.data(), bytes.size()};
        msghdr header{};
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        auto size = recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno == EAGAIN) return Got::kNothing;
        if (size <= 0) return Got::kClosed;
        auto fds = take_descriptors(header);
        bool more = false;
        if (header.msg_flags & MSG_CTRUNC) partial_.cut = true;
        if ((header.msg_flags & MSG_TRUNC) || !parse({bytes.data(), static_cast<std::size_t>(size)}, std::move(fds), more)) return Got::kClosed;
        if (more) continue;
        message = std::exchange(partial_, {});
        return Got::kMessage;
    }
}

bool Channel::parse(std::string_view bytes, std::vector<Fd> fds, bool& more) {
    WireReader wire(bytes);
    auto kind = wire.number<std::uint8_t>();
    if (kind < static_cast<int>(Kind::kLoad) || kind > static_cast<int>(Kind::kUnable)) return false;
    partial_.kind = static_cast<Kind>(kind);
    more = wire.number<std::uint8_t>() != 0;
    partial_.generation = wire.number<std::uint64_t>();
    partial_.text += wire.text();
    auto count = wire.number<std::uint32_t>();
    if (count != fds.size() && !partial_.cut) return false;
    for (std::uint32_t i = 0; i < count && wire.ok(); ++i) {
        Tag tag;
        tag.role = static_cast<Role>(wire.number<std::uint8_t>());
        tag.index = wire.number<std::uint32_t>();
        tag.copy = wire.number<std::uint32_t>();
        if (i < fds.size()) partial_.handles.push_back({tag, std::move(fds[i])});
    }
    return wire.at_end();
}

}  // namespace bext::handoff
