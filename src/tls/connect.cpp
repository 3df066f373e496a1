#include "tls/connect.h"

#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <unordered_map>

#include "base/text.h"
#include "http/builder.h"
#include "http/request.h"
#include "http/thread.h"
#include "tls/context.h"
#include "tls/stream.h"
#include "upstream/tls_connector.h"

namespace bext::tls {
namespace {

using upstream::TlsSettings;

conf::Status complete(std::string text) { return conf::Refusal{std::move(text), conf::Refusal::Kind::kComplete}; }

/// Makes the context of a block that passes to https, once.
conf::Status prepare(conf::Cursor& at, TlsSettings& settings) {
    if (settings.context) return conf::ok();
    ContextSpec spec;
    spec.protocols = *settings.protocols ? *settings.protocols : kTls12 | kTls13;
    spec.ciphers = *settings.ciphers;
    spec.trusted_certificate = *settings.trusted_certificate;
    spec.crl = *settings.crl;
    spec.password_file = *settings.password_file;
    spec.verify = *settings.verify;
    spec.verify_depth = *settings.verify_depth;
    spec.commands = *settings.conf_commands;
    if (spec.verify && spec.trusted_certificate.empty()) return complete("no proxy_ssl_trusted_certificate for proxy_ssl_verify");
    auto& certificate = settings.certificate->source();
    auto& key = settings.certificate_key->source();
    if (!certificate.empty()) {
        if (key.empty()) return complete(cat({"no \"proxy_ssl_certificate_key\" is defined for certificate \"", certificate, "\""}));
        if (!settings.certificate->constant() || !settings.certificate_key->constant())
            return complete("variables in \"proxy_ssl_certificate\" are not supported by this version of bext");
        spec.certificates = {at.conf_path(certificate)};
        spec.keys = {at.conf_path(key)};
    }
    auto made = Context::create_client(spec, [&](const std::string& path) { return at.files().read(path); });
    if (!made) return complete(made.error().text);
    settings.context = *made;
    return conf::ok();
}

bool is_address(const std::string& name) {
    unsigned char buffer[16];
    return inet_pton(AF_INET, name.c_str(), buffer) == 1 || inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

struct FreeSession {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
/// Sessions to resume with, of this thread: by peer and name.
using Sessions = std::unordered_map<std::string, std::unique_ptr<SSL_SESSION, FreeSession>>;

Sessions& sessions_of(const TlsSettings& settings) {
    auto& slot = http::Thread::current().local[&settings];
    if (!slot) slot = std::make_shared<Sessions>();
    return *static_cast<Sessions*>(slot.get());
}

/// The certificate of the peer against what is demanded; an error in nginx's words.
std::string verify_failure(SSL* ssl, const TlsSettings& settings, const std::string& name) {
    if (!*settings.verify) return {};
    auto code = SSL_get_verify_result(ssl);
    if (code != X509_V_OK)
        return cat({"upstream SSL certificate verify error: (", std::to_string(code), ":", X509_verify_cert_error_string(code), ")"});
    X509Ptr certificate(SSL_get1_peer_certificate(ssl));
    bool matches = certificate && (is_address(name) ? X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1
                                                    : X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr) == 1);
    if (!matches) return cat({"upstream SSL certificate does not match \"", name, "\""});
    return {};
}

/// The name for SNI and verification: without its port.
std::string peer_name(http::Request& request, const TlsSettings& settings, std::string_view given) {
    auto name = settings.name->empty() ? given : settings.name->evaluate(request);
    if (!name.empty() && name[0] != '[')
        if (auto colon = name.find(':'); colon != std::string_view::npos && name.find(':', colon + 1) == std::string_view::npos)
            name = name.substr(0, colon);
    return std::string(name);
}

Task<std::unique_ptr<net::Stream>> connect(http::Request& request, net::Socket& socket, const TlsSettings& settings, upstream::Peer& peer,
                                           std::string_view given, std::uint64_t timeout_ms) {
    std::unique_ptr<net::Stream> none;
    auto* context = static_cast<Context*>(settings.context.get());
    if (!context) co_return none;
    auto name = peer_name(request, settings, given);
    SslPtr ssl(SSL_new(context->raw()));
    SSL_set_connect_state(ssl.get());
    if (*settings.send_name && !name.empty() && !is_address(name)) SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    char key_text[32];
    snprintf(key_text, sizeof key_text, "%p ", static_cast<void*>(&peer));
    auto key = key_text + name;
    auto& sessions = sessions_of(settings);
    if (*settings.session_reuse)
        if (auto at = sessions.find(key); at != sessions.end()) SSL_set_session(ssl.get(), at->second.get());
    auto stream = std::make_unique<TlsStream>(std::move(ssl), socket);
    auto& loop = http::Thread::current().loop;
    auto deadline = loop.now() + timeout_ms;
    auto step = TlsStream::Step::kFailed;
    for (;;) {
        step = stream->handshake();
        if (step == TlsStream::Step::kDone || step == TlsStream::Step::kFailed) break;
        auto left = loop.now() < deadline ? deadline - loop.now() : 1;
        auto wait = net::Wait::kReady;
        if (step == TlsStream::Step::kRead) wait = co_await socket.readable(left);
        else wait = co_await socket.writable(left);
        if (wait == net::Wait::kReady) continue;
        co_return none;  // a timeout is logged by the exchange
    }
    if (step == TlsStream::Step::kFailed) {
        bool closed = ERR_peek_error() == 0;
        request.log(Level::kError, closed ? std::string("peer closed connection in SSL handshake") : with_ssl_errors("SSL_do_handshake() failed"));
        co_return none;
    }
    auto failure = verify_failure(stream->ssl(), settings, name);
    if (!failure.empty()) {
        request.log(Level::kError, failure);
        co_return none;
    }
    if (*settings.session_reuse) sessions[key].reset(SSL_get1_session(stream->ssl()));
    none = std::move(stream);
    co_return none;
}

}  // namespace

void install_connector() {
    upstream::tls_prepare() = prepare;
    upstream::tls_connector() = connect;
}

}  // namespace bext::tls
