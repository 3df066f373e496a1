#include "tls/context.h"

#include <openssl/rand.h>

#include <array>
#include <cstring>
#include <ctime>
#include <span>

#include "base/text.h"
#include "tls/openssl.h"
#include "tls/stapling.h"
#include "tls/shield.h"

namespace bext::tls {

namespace {

/// Whether clients are told of the authority already.
bool advertised(SSL_CTX* ctx, const X509* authority) {
    auto* names = SSL_CTX_get_client_CA_list(ctx);
    for (int i = 0; i < sk_X509_NAME_num(names); ++i)
        if (X509_NAME_cmp(sk_X509_NAME_value(names, i), X509_get_subject_name(authority)) == 0) return true;
    return false;
}

}  // namespace

struct Callbacks {
    static int accept_any(int, X509_STORE_CTX*) { return 1; }  // judged when the request is read (495, 496)

    static int ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) {
        auto* self = static_cast<Context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        if (!self) return -1;
        std::array<TicketKey, 2> own;
        std::span<const TicketKey> keys(self->ticket_keys_);
        if (keys.empty()) keys = own = TicketKeyRing::process().keys(time(nullptr), self->spec_.session_timeout);
        auto use = [&](const TicketKey& key) {
            auto* kind = key.long_key ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
            OSSL_PARAM params[] = {
                OSSL_PARAM_construct_octet_string("key", const_cast<unsigned char*>(key.hmac), key.long_key ? 32u : 16u),
                OSSL_PARAM_construct_utf8_string("digest", const_cast<char*>("sha256"), 0), OSSL_PARAM_construct_end()};
            if (EVP_MAC_CTX_set_params(mac, params) != 1) return -1;
            return EVP_CipherInit_ex(cipher, kind, nullptr, key.aes, iv, encrypt) == 1 ? 1 : -1;
        };
        if (encrypt) {
            auto& key = keys[0];
            if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
            std::memcpy(name, key.name, 16);
            return use(key);
        }
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (std::memcmp(name, keys[i].name, 16) == 0) {
                int rc = use(keys[i]);
                // A ticket of TLS 1.3 is for one use, one of an older key for no further: the client gets another.
                bool renew = i > 0 || SSL_version(ssl) == TLS1_3_VERSION;
                return rc == 1 && renew ? 2 : rc;
            }
        return 0;
    }

    static int staple(SSL* ssl, void*) {
        auto* self = static_cast<Context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        if (!self || self->staple_.empty()) return SSL_TLSEXT_ERR_NOACK;
        auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(self->staple_.data(), self->staple_.size()));
        SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(self->staple_.size()));
        return SSL_TLSEXT_ERR_OK;
    }
};

void ClientSessions::keep(const std::string& key, SessionPtr session) {
    constexpr std::size_t kMost = 1000;  // a client may choose the name
    std::lock_guard lock(mutex_);
    if (sessions_.size() >= kMost && !sessions_.contains(key)) sessions_.erase(sessions_.begin());
    sessions_[key] = std::move(session);
}

SessionPtr ClientSessions::find(const std::string& key) const {
    std::lock_guard lock(mutex_);
    auto at = sessions_.find(key);
    if (at == sessions_.end()) return nullptr;
    SSL_SESSION_up_ref(at->second.get());
    return SessionPtr(at->second.get());
}

Context::~Context() { SSL_CTX_free(ctx_); }

Result<> Context::begin(const ContextSpec& spec, bool server) {
    spec_ = spec;
    spec_.server = server;
    ctx_ = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!ctx_) return Error{with_ssl_errors("SSL_CTX_new() failed")};
    SSL_CTX_set_app_data(ctx_, this);
    std::uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_SINGLE_DH_USE | SSL_OP_NO_ANTI_REPLAY | SSL_OP_IGNORE_UNEXPECTED_EOF |
                            SSL_OP_NO_RENEGOTIATION;
    struct Bit {
        std::uint32_t ours;
        std::uint64_t theirs;
    };
    constexpr Bit kBits[] = {{kSslv3, SSL_OP_NO_SSLv3}, {kTls1, SSL_OP_NO_TLSv1}, {kTls11, SSL_OP_NO_TLSv1_1},
                             {kTls12, SSL_OP_NO_TLSv1_2}, {kTls13, SSL_OP_NO_TLSv1_3}};
    for (auto& bit : kBits)
        if (!(spec.protocols & bit.ours)) options |= bit.theirs;
    if (spec.prefer_server_ciphers) options |= SSL_OP_CIPHER_SERVER_PREFERENCE;
    SSL_CTX_set_options(ctx_, options);
    SSL_CTX_set_min_proto_version(ctx_, 0);
    SSL_CTX_set_max_proto_version(ctx_, 0);
    SSL_CTX_set_mode(ctx_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS |
                               SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(ctx_, 1);
    if (!spec.ciphers.empty() && SSL_CTX_set_cipher_list(ctx_, spec.ciphers.c_str()) != 1)
        return Error{with_ssl_errors(cat({"SSL_CTX_set_cipher_list(\"", spec.ciphers, "\") failed"}))};
    return {};
}

Result<> Context::load_certificates(const ReadFile& read) {
    if (!spec_.password_file.empty()) {
        auto text = read(spec_.password_file);
        if (!text) return Error{text.error().text};
        passwords_ = passwords_of(*text);
    }
    if (spec_.named_by_variables) return {};
    for (std::size_t i = 0; i < spec_.certificates.size(); ++i) {
        auto& path = spec_.certificates[i];
        auto text = contents(path, read, "certificate");
        if (!text) return text.error();
        auto chain = parse_chain(*text, path);
        if (!chain) return chain.error();
        if (SSL_CTX_use_certificate(ctx_, (*chain)->leaf.get()) != 1)
            return Error{with_ssl_errors(cat({"SSL_CTX_use_certificate(\"", path, "\") failed"}))};
        X509_up_ref((*chain)->leaf.get());
        leaves_.emplace_back((*chain)->leaf.get());
        SSL_CTX_clear_chain_certs(ctx_);
        for (auto& certificate : (*chain)->rest) SSL_CTX_add1_chain_cert(ctx_, certificate.get());
        auto& key_path = spec_.keys[i];
        auto key_text = contents(key_path, read, "certificate key");
        if (!key_text) return key_text.error();
        auto key = parse_key(*key_text, key_path, passwords_);
        if (!key) return key.error();
        if (SSL_CTX_use_PrivateKey(ctx_, key->get()) != 1)
            return Error{with_ssl_errors(cat({"SSL_CTX_use_PrivateKey(\"", key_path, "\") failed"}))};
    }
    return {};
}

Result<> Context::load_authorities(const ReadFile& read) {
    bool judged = spec_.server && spec_.verify && spec_.verify != 3;
    if (judged && spec_.client_certificate.empty() && spec_.trusted_certificate.empty())
        return Error{"no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client"};
    auto* store = SSL_CTX_get_cert_store(ctx_);
    auto add = [&](const std::string& path, bool advertise) -> Result<> {
        if (path.empty()) return {};
        auto text = contents(path, read, "certificate");
        if (!text) return text.error();
        auto bio = memory_bio(*text);
        bool any = false;
        while (X509* raw = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)) {
            X509Ptr certificate(raw);
            any = true;
            X509_STORE_add_cert(store, raw);
            if (advertise && !advertised(ctx_, raw)) SSL_CTX_add_client_CA(ctx_, raw);
        }
        if (!any) return Error{with_ssl_errors(cat({"cannot load certificate \"", path, "\": PEM_read_bio_X509_AUX() failed"}))};
        ERR_clear_error();
        return {};
    };
    if (spec_.verify)
        if (auto done = add(spec_.client_certificate, true); !done) return done;
    if (auto done = add(spec_.trusted_certificate, false); !done) return done;
    if (spec_.crl.empty()) return {};
    auto text = read(spec_.crl);
    if (!text) return Error{cat({"cannot load CRL \"", spec_.crl, "\": ", open_failure(spec_.crl, text.error().system)})};
    auto bio = memory_bio(*text);
    while (X509_CRL* crl = PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)) {
        X509_STORE_add_crl(store, crl);
        X509_CRL_free(crl);
    }
    ERR_clear_error();
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return {};
}

Result<> Context::set_parameters(const ReadFile& read) {
    if (!spec_.dhparam.empty()) {
        auto text = read(spec_.dhparam);
        if (!text) return Error{open_failure(spec_.dhparam, text.error().system, spec_.dhparam)};
        auto bio = memory_bio(*text);
        EVP_PKEY* parameters = PEM_read_bio_Parameters(bio.get(), nullptr);
        if (!parameters) return Error{with_ssl_errors(cat({"PEM_read_bio_Parameters(\"", spec_.dhparam, "\") failed"}))};
        if (SSL_CTX_set0_tmp_dh_pkey(ctx_, parameters) != 1) {
            EVP_PKEY_free(parameters);
            return Error{with_ssl_errors(cat({"SSL_CTX_set0_tmp_dh_pkey(\"", spec_.dhparam, "\") failed"}))};
        }
    }
    if (spec_.curves != "auto" && SSL_CTX_set1_curves_list(ctx_, spec_.curves.c_str()) != 1)
        return Error{with_ssl_errors(cat({"SSL_CTX_set1_curves_list(\"", spec_.curves, "\") failed"}))};
    return {};
}

Result<> Context::set_staple(const ReadFile& read) {
    if (!spec_.stapling_file.empty()) {
        auto text = read(spec_.stapling_file);
        if (!text) return Error{open_failure(spec_.stapling_file, text.error().system, spec_.stapling_file, "rb")};
        auto staple = read_staple(*text, spec_.stapling_file);
        if (!staple) return staple.error();
        staple_ = std::move(*staple);
        SSL_CTX_set_tlsext_status_cb(ctx_, (Shield<&Callbacks::staple, SSL_TLSEXT_ERR_NOACK>::call));
    }
    return {};
}

/// ssl_conf_command, which comes after everything else.
Result<> Context::run_commands() {
    if (spec_.commands.empty()) return {};
    auto* commands = SSL_CONF_CTX_new();
    SSL_CONF_CTX_set_flags(commands, SSL_CONF_FLAG_FILE | SSL_CONF_FLAG_SERVER | SSL_CONF_FLAG_CLIENT | SSL_CONF_FLAG_CERTIFICATE |
                                         SSL_CONF_FLAG_SHOW_ERRORS);
    SSL_CONF_CTX_set_ssl_ctx(commands, ctx_);
    Result<> done;
    for (auto& [name, value] : spec_.commands)
        if (SSL_CONF_cmd(commands, name.c_str(), value.c_str()) <= 0 && done)
            done = Error{with_ssl_errors(cat({"SSL_CONF_cmd(\"", name, "\", \"", value, "\") failed"}))};
    if (done && SSL_CONF_CTX_finish(commands) != 1) done = Error{with_ssl_errors("SSL_CONF_finish() failed")};
    SSL_CONF_CTX_free(commands);
    return done;
}

/// Sessions resume only where the same certificates and authorities hold (CVE-2014-3616, CVE-2025-23419).
void Context::set_session_context(const ReadFile& read) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    std::string facts = std::to_string(spec_.verify) + "\n";
    for (auto& path : spec_.certificates) {
        if (spec_.named_by_variables) facts.append(path).append("\n");
        else if (auto text = contents(path, read, "certificate")) facts.append(*text);
    }
    for (auto* path : {&spec_.client_certificate, &spec_.trusted_certificate})
        if (!path->empty())
            if (auto text = contents(*path, read, "certificate")) facts.append("\n").append(*text);
    EVP_Digest(facts.data(), facts.size(), digest, nullptr, EVP_sha256(), nullptr);
    SSL_CTX_set_session_id_context(ctx_, digest, sizeof digest);
}

Result<> Context::set_ticket_keys(const ReadFile& read) {
    if (!spec_.tickets) {
        SSL_CTX_set_options(ctx_, SSL_OP_NO_TICKET);
        return {};
    }
    for (auto& path : spec_.ticket_keys) {
        auto text = read(path);
        if (!text) return Error{text.error().text};
        if (text->size() != 48 && text->size() != 80)
            return Error{cat({"\"", path, "\" must be 48 or 80 bytes"})};
        TicketKey key{};
        key.long_key = text->size() == 80;
        std::memcpy(key.name, text->data(), 16);
        auto* rest = text->data() + 16;
        if (key.long_key) {
            std::memcpy(key.hmac, rest, 32);
            std::memcpy(key.aes, rest + 32, 32);
        } else {
            std::memcpy(key.aes, rest, 16);
            std::memcpy(key.hmac, rest + 16, 16);
        }
        ticket_keys_.push_back(key);
    }
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx_, (Shield<&Callbacks::ticket, -1>::call));
    return {};
}

Result<> Context::set_sessions(const ReadFile& read) {
    set_session_context(read);
    SSL_CTX_set_timeout(ctx_, spec_.session_timeout);
    if (!spec_.cache_name.empty()) {
        session_cache_ = SessionCache::named(spec_.cache_name, spec_.cache_sessions_size);
        SessionCache::attach(ctx_);
    } else if (spec_.cache_sessions) {
        SSL_CTX_set_session_cache_mode(ctx_, SSL_SESS_CACHE_SERVER);
    } else {
        SSL_CTX_set_session_cache_mode(ctx_, SSL_SESS_CACHE_OFF);
    }
    return set_ticket_keys(read);
}

Result<std::shared_ptr<Context>> Context::create_server(const ContextSpec& spec, const ReadFile& read) {
    std::shared_ptr<Context> context(new Context);
    if (auto done = context->begin(spec, true); !done) return done.error();
    if (auto done = context->load_certificates(read); !done) return done.error();
    if (auto done = context->load_authorities(read); !done) return done.error();
    if (auto done = context->set_parameters(read); !done) return done.error();
    if (auto done = context->set_sessions(read); !done) return done.error();
    if (auto done = context->set_staple(read); !done) return done.error();
    if (auto done = context->run_commands(); !done) return done.error();
    if (spec.verify) {
        SSL_CTX_set_verify(context->ctx_, SSL_VERIFY_PEER, &Callbacks::accept_any);
        SSL_CTX_set_verify_depth(context->ctx_, static_cast<int>(spec.verify_depth));
    }
    return context;
}

Result<std::shared_ptr<Context>> Context::create_client(const ContextSpec& spec, const ReadFile& read) {
    std::shared_ptr<Context> context(new Context);
    if (auto done = context->begin(spec, false); !done) return done.error();
    if (auto done = context->load_certificates(read); !done) return done.error();
    if (auto done = context->load_authorities(read); !done) return done.error();
    if (auto done = context->set_parameters(read); !done) return done.error();
    if (auto done = context->run_commands(); !done) return done.error();
    SSL_CTX_set_session_cache_mode(context->ctx_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (spec.verify) {
        SSL_CTX_set_verify(context->ctx_, SSL_VERIFY_PEER, &Callbacks::accept_any);
        SSL_CTX_set_verify_depth(context->ctx_, static_cast<int>(spec.verify_depth));
    }
    return context;
}

}  // namespace bext::tls
