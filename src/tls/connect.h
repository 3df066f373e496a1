// TLS towards upstreams: installs the handshake of proxy_pass https:// (upstream::tls_connector).
#pragma once

namespace bext::tls {

/// Makes TLS to upstreams work; called once by the main.
void install_connector();

}  // namespace bext::tls
