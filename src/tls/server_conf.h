// The ssl_ settings of a server. Their directives are in modules/http/ssl.cpp.
#pragma once

#include <memory>

#include "conf/into.h"
#include "tls/context.h"

namespace bext::tls {

struct ServerConf {
    conf::Setting<std::vector<std::string>> certificates, keys;
    conf::Setting<std::string> password_file;
    conf::Setting<std::uint32_t> protocols{kTls12 | kTls13};
    conf::Setting<std::string> ciphers{"HIGH:!aNULL:!MD5"};
    conf::Setting<std::string> curves{"auto"};
    conf::Setting<std::string> dhparam;
    conf::Setting<bool> prefer_server_ciphers{false};
    conf::Setting<std::string> client_certificate, trusted_certificate, crl;
    conf::Setting<std::uint32_t> verify{0};
    conf::Setting<std::int64_t> verify_depth{1};
    conf::Setting<bool> tickets{true};
    conf::Setting<std::vector<std::string>> ticket_keys;
    conf::Setting<bool> cache_sessions{false};
    conf::Setting<std::string> cache_name;
    conf::Setting<std::uint64_t> cache_size{0};
    conf::Setting<conf::Seconds> session_timeout{conf::Seconds(300)};
    conf::Setting<bool> early_data{false};
    conf::Setting<bool> reject_handshake{false};
    conf::Setting<bool> stapling{false}, stapling_verify{false};
    conf::Setting<std::string> stapling_file, stapling_responder;
    conf::Setting<conf::Bytes> buffer_size{conf::Bytes{16384}};
    conf::Setting<std::vector<std::pair<std::string, std::string>>> commands;

    conf::Setting<upstream::CertificateCachePtr> certificate_cache;

    /// The certificates and keys when any of them has a variable, and what their paths are relative to.
    std::vector<NamedPair> named;
    std::string prefix;
    /// Made of the above when there is a certificate.
    std::shared_ptr<Context> context;

    conf::Status finish(const ServerConf& outer, conf::Cursor& at);
    /// Makes the context; servers whose settings are equal share it.
    conf::Status make_context(conf::Cursor& at, http::Builder& builder);

private:
    ContextSpec spec(const conf::Cursor& at) const;
    /// Certificates of which any has a variable in its name are loaded by each connection.
    conf::Status name_certificates(const conf::Cursor& at, http::Builder& builder);
};

}  // namespace bext::tls
