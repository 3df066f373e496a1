#include "tls/connect.h"

#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include "base/text.h"
#include "http/builder.h"
#include "http/request.h"
#include "http/thread.h"
#include "http/tls_files.h"
#include "tls/context.h"
#include "tls/loading.h"
#include "tls/shield.h"
#include "tls/stream.h"
#include "upstream/tls_connector.h"

namespace bext::tls {
namespace {

using upstream::TlsSettings;

conf::Status complete(std::string text) { return conf::Refusal{std::move(text), conf::Refusal::Kind::kComplete}; }

/// Names the place in the context's sessions where those of a connection go.
int session_key_index() {
    static int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr,
                                            [](void*, void* key, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<std::string*>(key); });
    return index;
}

/// With TLS 1.3 sessions come after the handshake, and more than one.
int on_new_session(SSL* ssl, SSL_SESSION* session) {
    auto* key = static_cast<std::string*>(SSL_get_ex_data(ssl, session_key_index()));
    auto* context = static_cast<Context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    if (!key) return 0;
    context->sessions.keep(*key, SessionPtr(session));
    return 1;  // the session is ours now
}

/// Makes the context of a block that passes to https, once.
conf::Status prepare(conf::Cursor& at, TlsSettings& settings) {
    if (settings.context) return conf::ok();
    ContextSpec spec;
    spec.protocols = *settings.protocols ? *settings.protocols : kTls12 | kTls13;
    spec.ciphers = *settings.ciphers;
    if (*settings.verify) spec.trusted_certificate = *settings.trusted_certificate, spec.crl = *settings.crl;
    spec.password_file = *settings.password_file;
    spec.verify = *settings.verify;
    spec.verify_depth = *settings.verify_depth;
    spec.commands = *settings.conf_commands;
    auto& certificate = settings.certificate->source();
    auto& key = settings.certificate_key->source();
    if (!certificate.empty()) {
        if (key.empty()) return complete(cat({"no \"proxy_ssl_certificate_key\" is defined for certificate \"", certificate, "\""}));
        spec.named_by_variables = !settings.certificate->constant() || !settings.certificate_key->constant();
        spec.certificates = {spec.named_by_variables ? certificate : at.conf_path(certificate)};
        spec.keys = {spec.named_by_variables ? key : at.conf_path(key)};
        settings.prefix = at.conf_path("");
        CertificateCache::prepare(*settings.certificate_cache);
    }
    if (spec.verify && spec.trusted_certificate.empty()) return complete("no proxy_ssl_trusted_certificate for proxy_ssl_verify");
    auto made = Context::create_client(spec, [&](const std::string& path) {
        at.owner<http::Builder>().shared<http::TlsFiles>(http::kTlsFiles)->insert(path);
        return at.files().read(path);
    });
    if (!made) return complete(made.error().text);
    SSL_CTX_sess_set_new_cb((*made)->raw(), Shield<on_new_session, 0>::call);
    settings.context = *made;
    return conf::ok();
}

bool is_address(const std::string& name) {
    unsigned char buffer[16];
    return inet_pton(AF_INET, name.c_str(), buffer) == 1 || inet_pton(AF_INET6, name.c_str(), buffer) == 1;
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
    auto bracket = name.starts_with('[') ? name.find(']') : name.npos;
    return std::string(name.substr(0, name.find(':', bracket == name.npos ? 0 : bracket)));
}

/// Addresses are no names to be told (RFC 6066, section 3).
bool may_be_sent(const std::string& name) { return !name.empty() && name[0] != '[' && !is_address(name); }

/// What the settings say of a connection before its handshake. False when it cannot be made (logged).
bool set_up(SSL* ssl, http::Request& request, const Context& context, const TlsSettings& settings, const upstream::Peer& peer,
            const std::string& name) {
    SSL_set_connect_state(ssl);
    if (*settings.send_name && may_be_sent(name)) SSL_set_tlsext_host_name(ssl, name.c_str());
    if (context.spec().named_by_variables) {
        auto used = use_named_pair(ssl, request, {*settings.certificate, *settings.certificate_key}, settings.prefix,
                                   CertificateCache::of(*settings.certificate_cache), context.passwords(), true);
        if (!used) return request.log(Level::kError, used.error().text), false;
    }
    if (!*settings.session_reuse) return true;
    char text[32];
    snprintf(text, sizeof text, "%p ", static_cast<const void*>(&peer));
    auto key = std::make_unique<std::string>(text + name);
    if (auto session = context.sessions.find(*key)) SSL_set_session(ssl, session.get());
    SSL_set_ex_data(ssl, session_key_index(), key.release());
    return true;
}

Task<upstream::TlsConnected> connect(http::Request& request, net::Socket& socket, const TlsSettings& settings, upstream::Peer& peer,
                                     std::string_view given, std::uint64_t timeout_ms) {
    upstream::TlsConnected out;
    auto* context = static_cast<Context*>(settings.context.get());
    if (!context) co_return out;
    auto name = peer_name(request, settings, given);
    SslPtr ssl(SSL_new(context->raw()));
    if (!set_up(ssl.get(), request, *context, settings, peer, name)) {
        out.status = http::status::kInternal;
        co_return out;
    }
    request.log_action = "SSL handshaking to upstream";
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
        co_return out;  // a timeout is logged by the exchange
    }
    if (step == TlsStream::Step::kFailed) {
        bool closed = ERR_peek_error() == 0;
        request.log(Level::kError, closed ? std::string("peer closed connection in SSL handshake") : with_ssl_errors("SSL_do_handshake() failed"));
        co_return out;
    }
    auto failure = verify_failure(stream->ssl(), settings, name);
    if (!failure.empty()) {
        request.log(Level::kError, failure);
        co_return out;
    }
    out.stream = std::move(stream);
    co_return out;
}

}  // namespace

void install_connector() {
    upstream::tls_prepare() = prepare;
    upstream::tls_connector() = connect;
}

}  // namespace bext::tls
