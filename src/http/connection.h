// Connection: what requests and modules may know of the connection they came on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/task.h"
#include "net/address.h"
#include "net/proxy_protocol.h"
#include "net/socket.h"
#include "net/stream.h"

namespace bext::http {

class Connection;
class Site;
class SiteUse;
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

/// What all requests of a connection share, however many there are at a time, whatever its protocol is: the socket, what is over
/// it, and the way in. What belongs to one request is asked of its Sink. Belongs to one thread.
class Connection {
public:
    /// Goes on with everything of `from`, which is only to be destroyed then.
    explicit Connection(Connection& from);
    /// Accepted on `listen`, which is of the Site in force.
    Connection(const Listen& listen, Fd fd, const net::Address& client);
    Connection(const Connection&) = delete;
    virtual ~Connection();

    const ClientAddress client;  // the other end's; realip may show a request another (Request::client)
    net::Address local;
    std::uint64_t number = 0;
    std::uint32_t requests = 0;
    std::int64_t start_ms = 0;
    const Listen* listen;  // kept alive by site()
    TlsSession* tls = nullptr;
    const net::ProxyHeader* proxy_header = nullptr;

    /// The Site that `listen` is of.
    const Site& site() const;
    /// The local address, asked of the kernel when first needed.
    const net::Address& local_address();
    /// The descriptor of the socket, for what the kernel tells of it.
    int socket() const { return socket_->fd(); }
    /// Whose settings hold until a host is known: the one that the client's SNI chose, else the address' default.
    const Server& first_server() const;
    /// A line of the error log about a client without a request (ngx_http_log_error).
    void note(Level level, std::string_view text, int error, std::string_view action) const;

protected:
    enum class Entered : std::uint8_t { kNot, kYes, kPlainOnTls };
    /// The way in, as its listen asks for it: the PROXY header, the TLS handshake, each with that long. kPlainOnTls: the client
    /// speaks without TLS, and gets an answer that says so.
    Task<Entered> enter(std::uint64_t timeout_ms);
    /// As it was read by another process.
    void take_proxy_header(std::string_view bytes);
    /// The whole PROXY header as it came; empty without one.
    std::string_view proxy_bytes() const { return proxy_ ? std::string_view(proxy_bytes_).substr(0, proxy_->size) : std::string_view(); }
    /// Goes over to the Site in force. False: that does not listen here.
    bool take_up_site();

    std::unique_ptr<net::Socket, net::Socket::Destroy> socket_;
    net::Stream* stream_;  // the socket, or TLS over it; null once the connection ends

private:
    Task<bool> read_proxy_header(std::uint64_t timeout_ms);
    void refuse_proxy_header(std::string_view bytes, net::ProxyParse verdict);
    Task<Entered> start_tls(std::uint64_t timeout_ms);

    SiteUse* use_;
    std::unique_ptr<net::Stream> tls_stream_;
    std::unique_ptr<net::ProxyHeader> proxy_;
    std::string proxy_bytes_;
    bool local_known_;
};

/// Goes on in HTTP/2 with what `from` is connected to, `read_ahead` being what was read of it. Null in a build without. Set by http2/.
using Http2Start = void (*)(Connection& from, std::string_view read_ahead);
Http2Start& http2_start();
/// Whether a client may speak HTTP/2 here, as far as is known of whom it wants to speak to.
bool offers_http2(const Listen& listen, const Server& server);

}  // namespace bext::http
