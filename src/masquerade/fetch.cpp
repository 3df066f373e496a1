#include "masquerade/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>

#include "base/fd.h"

namespace bext::masquerade {

Result<std::string> fetch(const char* address, std::uint16_t port, const std::string& path) {
    Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return Error::from_errno("socket()");
    timeval patience{5, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, address, &to.sin_addr);
    if (connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return Error::from_errno("connect()");
    auto request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
    if (send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return Error::from_errno("send()");
    std::string answer;
    std::array<char, 4096> bytes;
    ssize_t size;
    while ((size = recv(fd.get(), bytes.data(), bytes.size(), 0)) > 0) answer.append(bytes.data(), static_cast<std::size_t>(size));
    auto body = answer.find("\r\n\r\n");
    if (body == std::string::npos) return Error{"no answer"};
    if (answer.find(" 200 ") > answer.find("\r\n")) return Error{"the answer is " + answer.substr(0, answer.find("\r\n"))};
    return answer.substr(body + 4);
}

}  // namespace bext::masquerade
