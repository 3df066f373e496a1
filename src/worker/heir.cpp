#include "worker/heir.h"

#include "base/wire.h"

namespace bext::worker {
namespace {

std::string_view bytes_of(const net::Address& address) {
    return {reinterpret_cast<const char*>(address.raw()), address.size()};
}

net::Address address_of(std::string_view bytes) {
    alignas(sockaddr_storage) char aligned[sizeof(sockaddr_storage)] = {};
    auto size = std::min(bytes.size(), sizeof aligned);
    std::memcpy(aligned, bytes.data(), size);
    return net::Address(reinterpret_cast<const sockaddr*>(aligned), static_cast<socklen_t>(size));
}

}  // namespace

Heir::Passed Heir::pass(int fd, const http::PassedConnection& passed) {
    WireWriter wire;
    wire.text(bytes_of(passed.listen));
    wire.text(bytes_of(passed.client));
    wire.text(passed.proxy_header);
    wire.number(passed.requests);
    wire.number(passed.start_ms);
    auto sent = channel_.send(handoff::Kind::kConnection, 0, wire.take(), {{{handoff::Role::kClient, 0, 0}, fd}}, 0);
    if (sent) return Passed::kYes;
    return sent.error().system == EAGAIN || sent.error().system == ETOOMANYREFS ? Passed::kNoRoom : Passed::kNobody;
}

bool Heir::receive(handoff::Channel& channel, const std::function<void(Fd, const http::PassedConnection&)>& take) {
    handoff::Message message;
    handoff::Channel::Got got;
    while ((got = channel.receive(message)) == handoff::Channel::Got::kMessage) {
        WireReader wire(message.text);
        http::PassedConnection passed;
        passed.listen = address_of(wire.text());
        passed.client = address_of(wire.text());
        passed.proxy_header = wire.text();
        wire.number(passed.requests);
        wire.number(passed.start_ms);
        auto fd = message.take(handoff::Role::kClient);
        if (message.kind == handoff::Kind::kConnection && wire.at_end() && fd) take(std::move(fd), passed);
    }
    return got == handoff::Channel::Got::kNothing;
}

}  // namespace bext::worker
