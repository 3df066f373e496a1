#include "tls/client.h"

#include <array>

#include "tls/openssl.h"

namespace bext::tls {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
constexpr unsigned char kHttp1[] = "\x08http/1.1";

}  // namespace

struct Client::Parts {
    ContextPtr context;
    SslPtr ssl;
};

Client::Client(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::handshake(int fd, const std::string& name) {
    auto parts = std::make_unique<Parts>();
    parts->context.reset(SSL_CTX_new(TLS_client_method()));
    if (!parts->context) return Error{with_ssl_errors("SSL_CTX_new() failed")};
    SSL_CTX_set_verify(parts->context.get(), SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_security_level(parts->context.get(), 0);  // a server's old certificate is not this client's matter
    parts->ssl.reset(SSL_new(parts->context.get()));
    SSL_set_alpn_protos(parts->ssl.get(), kHttp1, sizeof kHttp1 - 1);
    if (!name.empty()) SSL_set_tlsext_host_name(parts->ssl.get(), name.c_str());
    SSL_set_fd(parts->ssl.get(), fd);
    if (SSL_connect(parts->ssl.get()) != 1) return Error{with_ssl_errors("the TLS handshake failed")};
    return Client(std::move(parts));
}

Result<> Client::write(std::string_view text) {
    if (SSL_write(parts_->ssl.get(), text.data(), static_cast<int>(text.size())) > 0) return {};
    return Error{with_ssl_errors("SSL_write() failed")};
}

Result<std::string> Client::read() {
    std::array<char, 4096> bytes;
    int size = SSL_read(parts_->ssl.get(), bytes.data(), bytes.size());
    if (size > 0) return std::string(bytes.data(), static_cast<std::size_t>(size));
    if (SSL_get_error(parts_->ssl.get(), size) == SSL_ERROR_ZERO_RETURN) return std::string();
    return Error{with_ssl_errors("SSL_read() failed")};
}

}  // namespace bext::tls
