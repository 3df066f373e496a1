// Client: TLS over a connected blocking socket, for asking a server of this machine; nobody's certificate is checked.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bext::tls {

class Client {
public:
    /// The handshake with the name (SNI; none when empty) over `fd`, which stays the caller's. HTTP/1.1 is offered alone.
    static Result<Client> handshake(int fd, const std::string& name);
    Client(Client&&) noexcept;
    ~Client();

    Result<> write(std::string_view text);
    /// Some bytes; "" at the end of the connection.
    Result<std::string> read();

private:
    struct Parts;
    explicit Client(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace bext::tls
