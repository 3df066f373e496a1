#include "tls/loading.h"

#include <sys/stat.h>

#include <cstring>

#include "base/text.h"
#include "conf/files.h"
#include "http/request.h"
#include "http/thread.h"

namespace bext::tls {

std::string open_failure(const std::string& path, int error, const std::string& shown, const char* mode) {
    char code[16];
    snprintf(code, sizeof code, "%08X", 0x80000000u | static_cast<unsigned>(error));
    return cat({"BIO_new_file(", shown.empty() ? "" : "\"", shown, shown.empty() ? "" : "\"", ") failed (SSL: error:", code, ":system library::", strerror(error), ":calling fopen(", path,
                ", ", mode, ") error:", error == ENOENT ? "10000080:BIO routines::no such file" : "10080002:BIO routines::system lib", ")"});
}

Result<std::string_view> contents(const std::string& source, const ReadFile& read, const char* what) {
    if (source.starts_with("data:")) return std::string_view(source).substr(5);
    auto text = read(source);
    if (!text) return Error{cat({"cannot load ", what, " \"", source, "\": ", open_failure(source, text.error().system)})};
    return *text;
}

std::vector<std::string> passwords_of(std::string_view text) {
    std::vector<std::string> out;
    for (auto line : split(text, '\n'))
        if (!line.empty()) out.emplace_back(trim(line, "\r"));
    return out;
}

Result<ChainPtr> parse_chain(std::string_view text, const std::string& source) {
    auto bio = memory_bio(text);
    auto chain = std::make_shared<Chain>();
    chain->leaf.reset(PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr));
    if (!chain->leaf) return Error{with_ssl_errors(cat({"cannot load certificate \"", source, "\": PEM_read_bio_X509_AUX() failed"}))};
    while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) chain->rest.emplace_back(next);
    ERR_clear_error();  // the end of the file is an error to PEM
    return ChainPtr(std::move(chain));
}

namespace {

/// The password that is tried, and whether it was asked for.
struct Password {
    const std::string* text = nullptr;
    bool asked = false;
};

int give_password(char* buffer, int size, int, void* user) {
    auto* p = static_cast<Password*>(user);
    p->asked = true;
    if (!p->text) return 0;
    auto n = std::min<std::size_t>(p->text->size(), static_cast<std::size_t>(size));
    std::memcpy(buffer, p->text->data(), n);
    return static_cast<int>(n);
}

}  // namespace

Result<SharedKey> parse_key(std::string_view text, const std::string& source, const std::vector<std::string>& passwords, bool* used_password) {
    for (std::size_t i = 0;; ++i) {
        auto bio = memory_bio(text);
        Password password{i < passwords.size() ? &passwords[i] : nullptr};
        KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_password, &password));
        if (used_password) *used_password = password.asked;
        if (key) return SharedKey(std::move(key));
        if (!password.asked || i + 1 >= passwords.size())
            return Error{with_ssl_errors(cat({"cannot load certificate key \"", source, "\": PEM_read_bio_PrivateKey() failed"}))};
        ERR_clear_error();
    }
}

namespace {

constexpr const char* kCertificate = "certificate ";  // what a cached name begins with
constexpr const char* kKey = "key ";

struct FileFacts {
    std::time_t modified = 0;
    std::uint64_t inode = 0;
    bool operator==(const FileFacts&) const = default;
};

/// Of a path; nothing is known of "data:…".
FileFacts facts_of(const std::string& source) {
    struct stat found {};
    if (source.starts_with("data:") || ::stat(source.c_str(), &found) != 0) return {};
    return {found.st_mtime, found.st_ino};
}

}  // namespace

CertificateCache& CertificateCache::of(const upstream::CertificateCachePtr& setting) {
    static CertificateCache none(0, conf::Seconds(0), conf::Seconds(0));
    return setting && setting->cache ? *static_cast<CertificateCache*>(setting->cache.get()) : none;
}

void CertificateCache::prepare(const upstream::CertificateCachePtr& setting) {
    if (!setting || setting->cache) return;
    setting->cache = std::make_shared<CertificateCache>(setting->max, setting->inactive, setting->valid);
}

void CertificateCache::make_room(std::time_t now) {
    while (!entries_.empty()) {
        auto& last = entries_.back();
        bool full = static_cast<std::int64_t>(entries_.size()) >= max_;
        if (!full && now - last.used <= inactive_.count()) return;
        by_name_.erase(last.name);
        entries_.pop_back();
    }
}

/// `load(keep)` makes the value; it says in `keep` whether it may be kept.
template <class Load>
Result<std::shared_ptr<const void>> CertificateCache::fetch(const char* kind, const std::string& source, const Load& load) {
    bool keep = max_ > 0;
    if (!keep) return load(keep);
    std::lock_guard lock(mutex_);
    auto now = static_cast<std::time_t>(net::Loop::current().unix_seconds());
    auto name = cat({kind, source});
    if (auto at = by_name_.find(name); at != by_name_.end()) {
        auto& entry = *at->second;
        bool fresh = source.starts_with("data:") || now - entry.created <= valid_.count();
        if (!fresh && facts_of(source) == FileFacts{entry.modified, entry.inode}) entry.created = now, fresh = true;
        if (fresh) {
            entry.used = now;
            entries_.splice(entries_.begin(), entries_, at->second);
            return entry.value;
        }
        entries_.erase(at->second);
        by_name_.erase(at);
    }
    auto facts = facts_of(source);
    auto value = load(keep);
    if (!value || !keep) return value;
    make_room(now);
    entries_.push_front({name, *value, now, now, facts.modified, facts.inode});
    by_name_[name] = entries_.begin();
    return value;
}

Result<ChainPtr> CertificateCache::chain(const std::string& source) {
    auto found = fetch(kCertificate, source, [&](bool&) -> Result<std::shared_ptr<const void>> {
        conf::DiskFiles files;
        auto text = contents(source, [&](const std::string& path) { return files.read(path); }, "certificate");
        if (!text) return text.error();
        auto chain = parse_chain(*text, source);
        if (!chain) return chain.error();
        return std::shared_ptr<const void>(*chain);
    });
    if (!found) return found.error();
    return std::static_pointer_cast<const Chain>(*found);
}

Result<SharedKey> CertificateCache::key(const std::string& source, const std::vector<std::string>& passwords) {
    auto found = fetch(kKey, source, [&](bool& keep) -> Result<std::shared_ptr<const void>> {
        conf::DiskFiles files;
        auto text = contents(source, [&](const std::string& path) { return files.read(path); }, "certificate key");
        if (!text) return text.error();
        bool encrypted = false;
        auto key = parse_key(*text, source, passwords, &encrypted);
        if (!key) return key.error();
        keep = keep && !encrypted;  // who may not know the password shall not find the key
        return std::shared_ptr<const void>(*key);
    });
    if (!found) return found.error();
    return std::const_pointer_cast<EVP_PKEY>(std::static_pointer_cast<const EVP_PKEY>(*found));
}

bool CertificateCache::forget(const std::string& source) {
    std::lock_guard lock(mutex_);
    bool any = false;
    for (auto* kind : {kCertificate, kKey}) {
        auto at = by_name_.find(cat({kind, source}));
        if (at == by_name_.end()) continue;
        entries_.erase(at->second);
        by_name_.erase(at);
        any = true;
    }
    return any;
}

namespace {

/// The sources of a pair, and who loads them.
struct Sources {
    std::string certificate, key;
    CertificateCache& cache;
    const std::vector<std::string>& passwords;
};

/// `mismatch` becomes true when the two do not belong together.
Result<> use_sources(SSL* ssl, const Sources& from, bool& mismatch) {
    auto chain = from.cache.chain(from.certificate);
    if (!chain) return chain.error();
    auto key = from.cache.key(from.key, from.passwords);
    if (!key) return key.error();
    if (SSL_use_certificate(ssl, (*chain)->leaf.get()) != 1)
        return Error{with_ssl_errors(cat({"SSL_use_certificate(\"", from.certificate, "\") failed"}))};
    SSL_clear_chain_certs(ssl);
    for (auto& certificate : (*chain)->rest) SSL_add1_chain_cert(ssl, certificate.get());
    mismatch = SSL_use_PrivateKey(ssl, key->get()) != 1;
    if (mismatch) return Error{with_ssl_errors(cat({"SSL_use_PrivateKey(\"", from.key, "\") failed"}))};
    return {};
}

}  // namespace

Result<> use_named_pair(SSL* ssl, http::Request& request, const NamedPair& pair, const std::string& prefix, CertificateCache& cache,
                        const std::vector<std::string>& passwords, bool optional) {
    auto source_of = [&](const http::Expr& name) {
        auto text = name.evaluate(request);
        return text.starts_with("data:") ? std::string(text) : conf::absolute_path(prefix, text);
    };
    if (optional && pair.certificate.evaluate(request).empty()) return {};
    const Sources sources{source_of(pair.certificate), source_of(pair.key), cache, passwords};
    bool mismatch = false;
    auto done = use_sources(ssl, sources, mismatch);
    if (!mismatch) return done;
    // One of the two may have been replaced since the other was loaded.
    bool certificate = cache.forget(sources.certificate), key = cache.forget(sources.key);
    return certificate || key ? use_sources(ssl, sources, mismatch) : done;
}

}  // namespace bext::tls
