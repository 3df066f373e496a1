// The handshake with a peer that is asked over TLS: what `…_ssl_*` say, and the hook that tls/ fills.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/nginx_version.h"
#include "base/task.h"
#include "conf/into.h"
#include "http/expr.h"
#include "net/socket.h"

namespace bext::http {
class Request;
}

namespace bext::upstream {

struct Peer;

/// `…_ssl_certificate_cache`, for certificates that variables name. All who inherit it share one.
struct CertificateCacheLimits {
    std::int64_t max = 0;  ///< entries; 0: nothing is kept
    conf::Seconds inactive{10}, valid{60};
    std::shared_ptr<void> cache;  ///< made by tls/
};
using CertificateCachePtr = std::shared_ptr<CertificateCacheLimits>;
/// Reads `off | max=N [inactive=TIME] [valid=TIME]`.
conf::Status read_certificate_cache(conf::Cursor& at, conf::Setting<CertificateCachePtr>& cache);

/// Reads `…_ssl_password_file`, whose file must be there.
conf::Status read_password_file(conf::Cursor& at, conf::Setting<std::string>& path);

/// The bits of TlsSettings::protocols, and of ssl_protocols, when nothing is said.
constexpr std::uint32_t default_protocols(NginxVersion nginx) {
    return (compatible::allows_tls10(nginx) ? 4u | 8u : 0u) | 16u | (compatible::allows_tls13(nginx) ? 32u : 0u);
}

/// `proxy_ssl_*` of one block.
struct TlsSettings {
    conf::Setting<bool> session_reuse{true}, send_name{false}, verify{false};
    conf::Setting<std::uint32_t> protocols{0};  ///< bits: SSLv2 1, SSLv3 2, TLSv1 4, TLSv1.1 8, TLSv1.2 16, TLSv1.3 32; 0: 1.2 and 1.3
    conf::Setting<std::string> ciphers{std::string("DEFAULT")}, trusted_certificate, crl, password_file;
    conf::Setting<http::Expr> name, certificate, certificate_key;
    conf::Setting<std::int64_t> verify_depth{1};
    conf::Setting<std::vector<std::pair<std::string, std::string>>> conf_commands;
    conf::Setting<CertificateCachePtr> certificate_cache;
    std::string prefix;             ///< of relative names of certificates
    std::shared_ptr<void> context;  ///< made by TlsPrepare
};

/// Makes `settings.context` while the configuration is read, for a block that passes to https.
using TlsPrepare = conf::Status (*)(conf::Cursor& at, TlsSettings& settings);
/// What a handshake came to.
struct TlsConnected {
    std::unique_ptr<net::Stream> stream;  ///< null when it failed (logged) or took too long (not logged)
    int status = 0;                       ///< to be answered when no other peer can help
};

/// Shakes hands on a connected socket within `timeout_ms`. `name`: the peer's, for SNI and verification, unless the
/// settings name one.
using TlsConnector = Task<TlsConnected> (*)(http::Request& request, net::Socket& socket, const TlsSettings& settings,
                                        Peer& peer, std::string_view name, std::uint64_t timeout_ms);

/// Both null in a build without TLS; set by tls/ before a configuration is read.
TlsPrepare& tls_prepare();
TlsConnector& tls_connector();

}  // namespace bext::upstream
