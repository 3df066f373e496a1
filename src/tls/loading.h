// Certificates and keys as they are loaded: for a context while the configuration is read, and for one connection when
// variables name them (ssl_certificate, proxy_ssl_certificate).
#pragma once

#include <ctime>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tls/openssl.h"
#include "upstream/tls_connector.h"

namespace bext::tls {

/// Reads a file of the configuration.
using ReadFile = std::function<Result<std::string_view>(const std::string& path)>;

/// A certificate and those that lead from it to its authority.
struct Chain {
    X509Ptr leaf;
    std::vector<X509Ptr> rest;
};
using ChainPtr = std::shared_ptr<const Chain>;
using SharedKey = std::shared_ptr<EVP_PKEY>;

/// What OpenSSL would have said had it opened the file itself.
std::string open_failure(const std::string& path, int error, const std::string& shown = {}, const char* mode = "r");
/// The text of `source`, a path or "data:…"; the error is nginx's. `what`: "certificate", "certificate key".
Result<std::string_view> contents(const std::string& source, const ReadFile& read, const char* what);
/// The lines of a password file.
std::vector<std::string> passwords_of(std::string_view text);
Result<ChainPtr> parse_chain(std::string_view text, const std::string& source);
/// `used_password` tells of an encrypted key; may be null.
Result<SharedKey> parse_key(std::string_view text, const std::string& source, const std::vector<std::string>& passwords,
                            bool* used_password = nullptr);

/// A certificate and its key whose names have variables.
struct NamedPair {
    http::Expr certificate, key;
};

/// What connections loaded lately. Any thread may ask.
class CertificateCache {
public:
    CertificateCache(std::int64_t max, conf::Seconds inactive, conf::Seconds valid) : max_(max), inactive_(inactive), valid_(valid) {}
    /// The one of a directive; for none a cache that keeps nothing.
    static CertificateCache& of(const upstream::CertificateCachePtr& setting);
    /// Makes the cache of a directive while the configuration is read.
    static void prepare(const upstream::CertificateCachePtr& setting);

    Result<ChainPtr> chain(const std::string& source);
    Result<SharedKey> key(const std::string& source, const std::vector<std::string>& passwords);
    /// Forgets what is known of `source`. False when that was nothing.
    bool forget(const std::string& source);

private:
    struct Entry {
        std::string name;
        std::shared_ptr<const void> value;
        std::time_t created = 0, used = 0, modified = 0;
        std::uint64_t inode = 0;
    };
    template <class Load>
    Result<std::shared_ptr<const void>> fetch(const char* kind, const std::string& source, const Load& load);
    void make_room(std::time_t now);

    const std::int64_t max_;
    const conf::Seconds inactive_, valid_;
    std::mutex mutex_;  // guards what follows
    std::list<Entry> entries_;  // the one used last comes first
    std::map<std::string, std::list<Entry>::iterator, std::less<>> by_name_;
};

/// Evaluates the names for `request`, relative to `prefix`, and gives `ssl` what is found there. An empty name gives
/// nothing when `optional`. The error is nginx's.
Result<> use_named_pair(SSL* ssl, http::Request& request, const NamedPair& pair, const std::string& prefix, CertificateCache& cache,
                        const std::vector<std::string>& passwords, bool optional);

}  // namespace bext::tls
