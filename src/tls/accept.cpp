#include "tls/accept.h"

#include "base/log.h"
#include "base/text.h"
#include "http/host.h"
#include "http/connection.h"
#include "http/request.h"
#include "http/site.h"
#include "http/thread.h"
#include "tls/loading.h"
#include "tls/server_conf.h"
#include "tls/session.h"
#include "tls/shield.h"

namespace bext::tls {
namespace {

/// What the callbacks of a handshake know of their connection.
struct Handshake {
    http::Connection& connection;
    http::SiteUse* use;
    const http::Site& site;
    const http::Server* server;
    std::string name;
    bool rejected = false;
    const ServerConf* certified = nullptr;  // whose context is in use: a server without one takes that of the address
    ServerStream* stream = nullptr;
};

int handshake_index() {
    static int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

const ServerConf& conf_of(const http::Server& server) {
    return *static_cast<const ServerConf*>(server.root.records[conf::slot_of<ServerConf>]);
}

void log(const Handshake& h, Level level, std::string_view text) { h.connection.note(level, text, 0, "SSL handshaking"); }

/// The host name of a ClientHello's server_name extension (RFC 6066, section 3).
std::string_view hello_name(SSL* ssl) {
    const unsigned char* data;
    std::size_t size;
    if (!SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) || size < 5) return {};
    std::size_t list = data[0] << 8 | data[1];
    std::size_t name = data[3] << 8 | data[4];
    if (list + 2 != size || data[2] != TLSEXT_NAMETYPE_host_name || name + 5 > size) return {};
    return {reinterpret_cast<const char*>(data + 5), name};
}

/// Takes the server's context, with what SSL_set_SSL_CTX does not carry over; the protocols only `with_protocols`.
void use_context(SSL* ssl, const Context& context, bool with_protocols) {
    auto* raw = context.raw();
    SSL_set_SSL_CTX(ssl, raw);
    SSL_set_verify(ssl, SSL_CTX_get_verify_mode(raw), SSL_CTX_get_verify_callback(raw));
    SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(raw));
    auto carried = with_protocols ? ~std::uint64_t{0} : ~static_cast<std::uint64_t>(SSL_OP_NO_SSL_MASK);
    SSL_clear_options(ssl, SSL_get_options(ssl) & ~SSL_CTX_get_options(raw) & carried);
    SSL_set_options(ssl, SSL_CTX_get_options(raw) & carried);
}

/// Chooses the server by name, before protocol version and session are decided.
int on_client_hello(SSL* ssl, int* alert, void*) {
    auto* h = static_cast<Handshake*>(SSL_get_ex_data(ssl, handshake_index()));
    if (!h) return SSL_CLIENT_HELLO_SUCCESS;
    auto name = hello_name(ssl);
    Arena arena;
    http::Host host;
    if (!name.empty() && http::validate_host(name, arena, host)) {
        h->name = host.name;
        auto found = h->connection.listen->hosts.find(h->name);
        if (found.failure) {
            log(*h, Level::kAlert, found.regex->failure(found.failure, h->name));
            return SSL_CLIENT_HELLO_ERROR;
        }
        h->server = found.server;
    }
    auto& conf = conf_of(*h->server);
    if (*conf.reject_handshake) {
        h->rejected = true;
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_CLIENT_HELLO_ERROR;
    }
    if (!conf.context) return SSL_CLIENT_HELLO_SUCCESS;
    h->certified = &conf;
    use_context(ssl, *conf.context, compatible::takes_protocols_by_name(h->site.nginx));
    return SSL_CLIENT_HELLO_SUCCESS;
}

/// Takes what a request without an answer would send.
class NoSink final : public http::Sink {
    bool delimits() const override { return true; }
    void header(http::Request&) override {}
    bool body(http::Request&, const http::Chain&, bool, bool) override { return false; }
    bool backlog() const override { return false; }
    Task<bool> drain(http::Request&) override { co_return false; }
};

/// Loads the certificates that variables name: they are evaluated for a request that has nothing but its connection.
Result<> use_named_certificates(SSL* ssl, Handshake& h, const ServerConf& conf) {
    auto& thread = http::Thread::current();
    NoSink sink;
    auto* now = std::exchange(thread.site, h.use);  // the handshake goes on with the Site that it began with
    http::Request request(h.connection, sink);
    thread.site = now;
    request.server = h.server;
    request.enter(h.server->root);
    auto* tls = std::exchange(h.connection.tls, h.stream);
    h.stream->set_server_name(h.name);
    Result<> done;
    for (auto& pair : conf.named)
        if (done) done = use_named_pair(ssl, request, pair, conf.prefix, CertificateCache::of(*conf.certificate_cache), conf.context->passwords(), false);
    h.connection.tls = tls;
    return done;
}

int on_certificate(SSL* ssl, void*) {
    auto* h = static_cast<Handshake*>(SSL_get_ex_data(ssl, handshake_index()));
    if (!h) return 1;
    if (h->certified->named.empty()) return 1;
    auto done = use_named_certificates(ssl, *h, *h->certified);
    if (!done) log(*h, Level::kError, done.error().text);
    return done ? 1 : 0;
}

int on_server_name(SSL* ssl, int*, void*) {
    auto* h = static_cast<Handshake*>(SSL_get_ex_data(ssl, handshake_index()));
    return h && !h->name.empty() ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size, void*) {
    static constexpr unsigned char kOurs[] = "\x02h2\x08http/1.1\x08http/1.0\x08http/0.9";
    auto* h = static_cast<Handshake*>(SSL_get_ex_data(ssl, handshake_index()));
    unsigned skipped = h && http::offers_http2(*h->connection.listen, *h->server) ? 0 : 3;
    unsigned char* chosen;
    if (SSL_select_next_proto(&chosen, out_size, kOurs + skipped, sizeof kOurs - 1 - skipped, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
        return h && !compatible::refuses_unknown_alpn(h->site.nginx) ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

/// Reasons that say more about the client than about us: logged as info (ngx_ssl_connection_error).
Level failure_level(unsigned long code) {
    switch (ERR_GET_REASON(code)) {
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_UNEXPECTED_MESSAGE:
        case SSL_R_NO_PROTOCOLS_AVAILABLE:
        case SSL_R_NO_APPLICATION_PROTOCOL:
        case SSL_R_CALLBACK_FAILED:
        case SSL_R_BAD_KEY_SHARE:
        case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
        case SSL_R_LENGTH_MISMATCH: return Level::kInfo;
        default: break;
    }
    int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= 1000 && reason < 1256) return Level::kInfo;  // alerts of the client
    return Level::kCrit;
}

void log_failure(Handshake& h, TlsStream& stream) {
    auto code = ERR_peek_error();
    auto level = failure_level(code);
    std::string text = "SSL_do_handshake() failed";
    if (stream.peer_closed() || (code == 0 && stream.socket().hung_up())) {
        text = "peer closed connection in SSL handshake";
        level = Level::kInfo;
    } else {
        text = with_ssl_errors(text);
    }
    ERR_clear_error();
    log(h, level, text);
}

Task<http::TlsAccepted> accept(http::Connection& connection, net::Socket& socket, std::uint64_t timeout_ms) {
    auto& thread = http::Thread::current();
    auto* use = thread.site->acquire();
    auto released = [](http::SiteUse* held) { held->release(); };
    std::unique_ptr<http::SiteUse, decltype(released)> held(use, released);  // until the end of this
    Handshake handshake{connection, use, use->site(), connection.listen->hosts.default_server, {}};
    http::TlsAccepted out;
    if (conf_of(*handshake.server).context) handshake.certified = &conf_of(*handshake.server);
    for (auto* server : connection.listen->hosts.servers())
        if (!handshake.certified && conf_of(*server).context) handshake.certified = &conf_of(*server);
    if (!handshake.certified) co_return out;
    SslPtr ssl(SSL_new(handshake.certified->context->raw()));
    if (!ssl) throw std::bad_alloc();
    SSL_set_ex_data(ssl.get(), handshake_index(), &handshake);
    if (auto* sessions = handshake.certified->context->session_cache()) sessions->serve(ssl.get());
    SSL_set_accept_state(ssl.get());
    auto stream = std::make_unique<ServerStream>(std::move(ssl), socket);
    handshake.stream = stream.get();
    auto deadline = thread.loop.now() + timeout_ms;
    bool done = false;
    auto wait = net::Wait::kReady;
    for (;;) {
        auto step = stream->handshake();
        done = step == TlsStream::Step::kDone;
        if (done || step == TlsStream::Step::kFailed) break;
        auto now = thread.loop.now();
        auto left = now < deadline ? deadline - now : 0;
        wait = net::Wait::kTimeout;
        if (left && step == TlsStream::Step::kRead) wait = co_await socket.readable(left);
        if (left && step == TlsStream::Step::kWrite) wait = co_await socket.writable(left);
        if (wait != net::Wait::kReady) break;
    }
    SSL_set_ex_data(stream->ssl(), handshake_index(), nullptr);
    if (done) {
        stream->set_server_name(handshake.name);
        out.session = stream.get();
        out.stream = std::move(stream);
    } else if (wait == net::Wait::kTimeout) {
        log(handshake, Level::kInfo, "client timed out" + errno_text(ETIMEDOUT));
    } else if (wait == net::Wait::kReady) {
        log_failure(handshake, *stream);
    }
    co_return out;
}

}  // namespace

void prepare_server_context(ssl_ctx_st* context) {
    SSL_CTX_set_client_hello_cb(context, Shield<on_client_hello, SSL_CLIENT_HELLO_ERROR>::call, nullptr);
    SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
    SSL_CTX_set_alpn_select_cb(context, on_alpn, nullptr);
    SSL_CTX_set_cert_cb(context, Shield<on_certificate, 0>::call, nullptr);
}

const char* built_with() { return OPENSSL_VERSION_TEXT; }
const char* running_with() { return OpenSSL_version(OPENSSL_VERSION); }

void install() { http::tls_acceptor() = accept; }

}  // namespace bext::tls
