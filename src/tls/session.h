// What requests ask of their TLS connection: the $ssl_ variables and the verdict on the client's certificate.
#pragma once

#include "http/connection.h"
#include "tls/stream.h"

namespace bext::tls {

/// A client's TLS connection with its facts.
class ServerStream final : public TlsStream, public http::TlsSession {
public:
    using TlsStream::TlsStream;

    std::optional<std::string_view> field(Field field, Arena& arena) override;
    int verify_status(bool required, bool optional_no_ca) override;
    std::string verify_failure() const override;
    std::string_view server_name() const override { return server_name_; }
    std::string_view alpn() const override;
    void set_server_name(std::string_view name) { server_name_ = name; }

private:
    std::string server_name_;
};

/// Fields of the client's certificate (tls/certificate.cpp).
std::optional<std::string_view> certificate_field(SSL* ssl, http::TlsSession::Field field, Arena& arena);

}  // namespace bext::tls
