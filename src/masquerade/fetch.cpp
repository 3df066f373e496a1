#include "masquerade/fetch.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <memory>

#include "base/fd.h"

namespace bext::masquerade {

Result<std::string> fetch(const std::string& address, const std::string& port, const std::string& host, const std::string& path) {
    addrinfo wanted{}, *found = nullptr;
    wanted.ai_socktype = SOCK_STREAM;
    if (int code = getaddrinfo(address.c_str(), port.c_str(), &wanted, &found)) return Error{address + ": " + gai_strerror(code)};
    std::unique_ptr<addrinfo, void (*)(addrinfo*)> kept(found, freeaddrinfo);
    Fd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return Error::from_errno("socket()");
    timeval patience{5, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0) return Error::from_errno("connect() to " + address + ":" + port);
    auto request = "GET " + path + " HTTP/1.0\r\n" + (host.empty() ? "" : "Host: " + host + "\r\n") + "\r\n";
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
