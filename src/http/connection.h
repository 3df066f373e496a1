// Connection: what requests and modules may know of the connection they came on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/arena.h"
#include "base/task.h"
#include "net/address.h"
#include "net/proxy_protocol.h"
#include "net/socket.h"
#include "net/stream.h"

namespace bext::http {

class Connection;
class Request;
class Thread;
struct Listen;
struct Server;

/// What the $ssl_ variables and checks ask of a TLS connection. Implemented by tls/.
class TlsSession {
public:
    virtual ~TlsSession() = default;
    enum class Field { kProtocol, kCipher, kCiphers, kCurve, kCurves, kSessionId, kSessionReused, kServerName, kAlpn,
                       kClientCert, kClientRawCert, kClientEscapedCert, kClientSDn, kClientIDn, kClientSDnLegacy,
                       kClientIDnLegacy, kClientSerial, kClientFingerprint, kClientVStart, kClientVEnd, kClientVRemain,
                       kClientVerify, kEarlyData, kSigalg, kClientSigalg };
    virtual std::optional<std::string_view> field(Field field, Arena& arena) = 0;
    /// 0 when the client certificate is acceptable for a server with these demands, else 495 or 496.
    virtual int verify_status(bool required, bool optional_no_ca) = 0;
    /// "(18:self-signed certificate)" after a status of 495.
    virtual std::string verify_failure() const = 0;
    virtual std::string_view server_name() const = 0;
    /// The protocol chosen by ALPN, empty when there was none.
    virtual std::string_view alpn() const = 0;
};

/// What a TLS handshake gave: nothing when it failed (and was logged).
struct TlsAccepted {
    std::unique_ptr<net::Stream> stream;
    TlsSession* session = nullptr;  // owned by the stream
};
using TlsAcceptor = Task<TlsAccepted> (*)(Connection& connection, net::Socket& socket, std::uint64_t timeout_ms);
/// The handshake of `listen … ssl`; null in a build without TLS. Set by tls/ before any thread starts.
TlsAcceptor& tls_acceptor();

/// Who a client is: its address, and that as text ("unix:" when unnamed).
class ClientAddress {
public:
    explicit ClientAddress(const net::Address& address) : address_(address), size_(address_.write_host(text_)) {}
    const net::Address& address() const { return address_; }
    std::string_view text() const { return {text_, size_}; }

private:
    net::Address address_;
    char text_[112];
    std::size_t size_;
};

/// What all requests of a connection share, however many there are at a time. What belongs to one of them is asked of its Sink.
class Connection {
public:
    explicit Connection(const net::Address& client) : client(client) {}
    virtual ~Connection() = default;

    const ClientAddress client;  // the other end's; realip may show a request another (Request::client)
    net::Address local;
    std::uint64_t number = 0;
    std::uint32_t requests = 0;
    std::int64_t start_ms = 0;
    const Listen* listen = nullptr;
    TlsSession* tls = nullptr;
    const net::ProxyHeader* proxy_header = nullptr;

    /// The local address, asked of the kernel when first needed.
    const net::Address& local_address();
    /// The descriptor of the socket, for what the kernel tells of it; -1 once it is given up.
    virtual int socket() const = 0;

protected:
    bool local_known_ = false;
};

}  // namespace bext::http
