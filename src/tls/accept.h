// TLS towards clients: installs the handshake of `listen … ssl` (http::tls_acceptor).
#pragma once

struct ssl_ctx_st;

namespace bext::tls {

/// Adds what a server's context needs to serve by name: SNI and ALPN.
void prepare_server_context(ssl_ctx_st* context);

/// The version texts of the TLS library that this was built with, and of the one it runs with.
const char* built_with();
const char* running_with();

/// Makes `listen … ssl` work; called once by the main.
void install();

}  // namespace bext::tls
