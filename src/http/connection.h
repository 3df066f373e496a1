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

class Connection {
public:
    virtual ~Connection() = default;

    net::Address client;
    net::Address local;
    const net::Address* peer = nullptr;  // the other end's own address while realip shows another as `client`
    std::uint64_t number = 0;
    std::uint32_t requests = 0;
    std::int64_t start_ms = 0;
    net::Stream* stream = nullptr;
    const Listen* listen = nullptr;
    TlsSession* tls = nullptr;
    const net::ProxyHeader* proxy_header = nullptr;

    /// The client's address as text ("unix:" when unnamed).
    std::string_view client_text() const { return {client_text_, client_text_size_}; }
    void set_client(const net::Address& address) {
        client = address;
        client_text_size_ = address.write_host(client_text_);
    }
    /// The local address, asked of the kernel when first needed.
    const net::Address& local_address();

    /// Hands the stream to a hook that speaks another protocol on it (an upgraded connection), with what was read ahead.
    virtual net::Stream* take_over(std::string_view& unread) = 0;

protected:
    bool local_known_ = false;

private:
    std::size_t client_text_size_ = 0;
    char client_text_[112];
};

}  // namespace bext::http
