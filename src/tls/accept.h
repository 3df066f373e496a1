// TLS towards clients: installs the handshake of `listen … ssl` (http::tls_acceptor).
#pragma once

namespace bext::tls {

/// Makes `listen … ssl` work; called once by the main.
void install();

}  // namespace bext::tls
