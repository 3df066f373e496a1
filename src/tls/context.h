// Context: one TLS configuration (an SSL_CTX). Equal specifications share one, one certificate file is parsed once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "tls/loading.h"
#include "tls/session_cache.h"
#include "tls/ticket_keys.h"

struct ssl_ctx_st;

namespace bext::tls {

/// What the ssl_ directives of a server say, merged.
struct ContextSpec {
    std::vector<std::string> certificates;  // paths, or "data:…"
    std::vector<std::string> keys;          // one for each certificate
    bool named_by_variables = false;        // both are loaded by each connection
    std::string password_file;
    std::uint32_t protocols = 0;  // bits of Protocol
    std::string ciphers = "HIGH:!aNULL:!MD5";
    std::string curves = "auto";
    std::string dhparam;
    bool prefer_server_ciphers = false;
    std::string client_certificate, trusted_certificate, crl;
    std::uint32_t verify = 0;  // 0 off, 1 on, 2 optional, 3 optional_no_ca
    std::int64_t verify_depth = 1;
    bool tickets = true;
    std::vector<std::string> ticket_keys;  // paths
    bool cache_sessions = false;
    std::int64_t session_timeout = 300;  // seconds
    std::string cache_name;                 // of a shared cache; empty: OpenSSL's own
    std::uint64_t cache_sessions_size = 0;  // bytes of a shared cache
    std::vector<std::pair<std::string, std::string>> commands;  // ssl_conf_command
    std::string stapling_file;
    bool server = true;

    bool operator==(const ContextSpec&) const = default;
};

enum Protocol : std::uint32_t { kSslv2 = 1, kSslv3 = 2, kTls1 = 4, kTls11 = 8, kTls12 = 16, kTls13 = 32 };

/// Sessions to resume with, by whom they are with. Any thread may ask.
class ClientSessions {
public:
    void keep(const std::string& key, SessionPtr session);
    SessionPtr find(const std::string& key) const;

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::string, SessionPtr> sessions_;
};

class Context {
public:
    /// The error has nginx's text.
    static Result<std::shared_ptr<Context>> create_server(const ContextSpec& spec, const ReadFile& read);
    /// For connections to upstreams.
    static Result<std::shared_ptr<Context>> create_client(const ContextSpec& spec, const ReadFile& read);
    ~Context();

    ssl_ctx_st* raw() const { return ctx_; }
    const ContextSpec& spec() const { return spec_; }
    /// Of the password file.
    const std::vector<std::string>& passwords() const { return passwords_; }
    /// The certificates of the specification, in its order.
    const std::vector<X509Ptr>& leaves() const { return leaves_; }
    mutable ClientSessions sessions;
    SessionCache* session_cache() const { return session_cache_.get(); }

private:
    Context() = default;
    Result<> begin(const ContextSpec& spec, bool server);
    Result<> load_certificates(const ReadFile& read);
    Result<> load_authorities(const ReadFile& read);
    Result<> set_parameters(const ReadFile& read);
    Result<> set_staple(const ReadFile& read);
    Result<> run_commands();
    Result<> set_sessions(const ReadFile& read);
    Result<> set_ticket_keys(const ReadFile& read);
    void set_session_context(const ReadFile& read);

    ssl_ctx_st* ctx_ = nullptr;
    ContextSpec spec_;
    std::vector<TicketKey> ticket_keys_;  // of files; empty: the process's own
    std::shared_ptr<SessionCache> session_cache_;
    std::vector<X509Ptr> leaves_;
    std::string staple_;
    std::vector<std::string> passwords_;
    friend struct Callbacks;
};

}  // namespace bext::tls
