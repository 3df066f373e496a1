#include "takeover/rehearsal_client.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <chrono>

#include "base/text.h"
#include "tls/client.h"

namespace bext::takeover {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMostOfAnswer = 1 << 20;  // of an answer; the rest of a long file tells nothing new

/// Compression is not asked for: two compressors may make different bytes of one text.
std::string request_text(const Target& target, const Logged& request) {
    auto referer = request.referer.empty() ? "" : cat({"Referer: ", request.referer, "\r\n"});
    return cat({request.method, " ", request.target, " HTTP/1.1\r\nHost: ", target.name, "\r\nUser-Agent: bext-rehearsal\r\nAccept: */*\r\n",
                referer, "Connection: close\r\n\r\n"});
}

/// Reads with `read` until the end, the limit or the time.
template <class Read>
std::string read_all(Clock::time_point end, Read read) {
    std::string bytes;
    while (bytes.size() < kMostOfAnswer && Clock::now() < end && read(bytes)) {}
    if (bytes.size() > kMostOfAnswer) bytes.resize(kMostOfAnswer);
    return bytes;
}

std::string talk(const Target& target, const std::string& text, int fd, Clock::time_point end) {
    if (connect(fd, target.address.raw(), target.address.size()) != 0) return "";
    constexpr std::string_view kUnknown = "PROXY UNKNOWN\r\n";
    if (target.proxy_protocol && send(fd, kUnknown.data(), kUnknown.size(), MSG_NOSIGNAL) < 0) return "";
    if (!target.tls) {
        if (send(fd, text.data(), text.size(), MSG_NOSIGNAL) < 0) return "";
        return read_all(end, [fd](std::string& bytes) {
            std::array<char, 16384> piece;
            auto size = recv(fd, piece.data(), piece.size(), 0);
            if (size > 0) bytes.append(piece.data(), static_cast<std::size_t>(size));
            return size > 0;
        });
    }
    auto client = tls::Client::handshake(fd, target.name);
    if (!client || !client->write(text)) return "";
    return read_all(end, [&client](std::string& bytes) {
        auto piece = client->read();
        if (piece) bytes += *piece;
        return piece && !piece->empty();
    });
}

}  // namespace

Reply replay(const Target& target, const Logged& request, Fd socket, int timeout_ms) {
    auto began = Clock::now();
    if (!socket) return {};
    timeval time{timeout_ms / 1000, (timeout_ms % 1000) * 1000};
    setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    auto bytes = talk(target, request_text(target, request), socket.get(), began + std::chrono::milliseconds(timeout_ms));
    auto reply = Reply::parse(bytes, request.method == "HEAD");
    reply.milliseconds = static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count());
    return reply;
}

}  // namespace bext::takeover
