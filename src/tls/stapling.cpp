#include "tls/stapling.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "tls/context.h"
#include "tls/openssl.h"
#include "upstream/url.h"

namespace bext::tls {
namespace {

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, Free<OCSP_RESPONSE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Free<X509_STORE_CTX_free>>;

/// Whether the certificate's issuer came with it, or is among those that are trusted.
bool has_issuer(SSL_CTX* ctx, X509* certificate) {
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(ctx, &chain);
    for (int i = 0; i < sk_X509_num(chain); ++i)
        if (X509_check_issued(sk_X509_value(chain, i), certificate) == X509_V_OK) return true;
    StoreContextPtr store(X509_STORE_CTX_new());
    if (X509_STORE_CTX_init(store.get(), SSL_CTX_get_cert_store(ctx), nullptr, nullptr) != 1) return false;
    X509* issuer = nullptr;
    bool found = X509_STORE_CTX_get1_issuer(&issuer, store.get(), certificate) == 1;
    X509_free(issuer);
    return found;
}

/// The first responder that the certificate names.
std::string responder_of(X509* certificate) {
    auto* all = X509_get1_ocsp(certificate);
    std::string first = all && sk_OPENSSL_STRING_num(all) > 0 ? sk_OPENSSL_STRING_value(all, 0) : "";
    X509_email_free(all);
    return first;
}

std::string unusable(SSL_CTX* ctx, X509* certificate, const std::string& name, const std::string& given) {
    auto ignored = [](std::string_view why) { return cat({"\"ssl_stapling\" ignored, ", why}); };
    if (!has_issuer(ctx, certificate)) return ignored(cat({"issuer certificate not found for certificate \"", name, "\""}));
    auto responder = given.empty() ? responder_of(certificate) : given;
    if (responder.empty()) return ignored(cat({"no OCSP responder URL in the certificate \"", name, "\""}));
    if (responder.size() <= 7 || !istarts_with(responder, "http://"))
        return ignored(cat({"invalid URL prefix in OCSP responder \"", responder, "\" in the certificate \"", name, "\""}));
    upstream::Url url;
    auto rest = std::string_view(responder).substr(7);
    if (auto wrong = upstream::parse_url(rest, 80, true, url))
        return ignored(cat({*wrong, " in OCSP responder \"", rest, "\" in the certificate \"", name, "\""}));
    return ignored("this version of bext asks no OCSP responder: only \"ssl_stapling_file\" has an effect");
}

}  // namespace

Result<std::string> read_staple(std::string_view bytes, const std::string& path) {
    auto bio = memory_bio(bytes);
    ResponsePtr response(d2i_OCSP_RESPONSE_bio(bio.get(), nullptr));
    if (!response) return Error{with_ssl_errors(cat({"d2i_OCSP_RESPONSE_bio(\"", path, "\") failed"}))};
    unsigned char* encoded = nullptr;
    int size = i2d_OCSP_RESPONSE(response.get(), &encoded);
    if (size <= 0) return Error{with_ssl_errors(cat({"i2d_OCSP_RESPONSE(\"", path, "\") failed"}))};
    std::string out(reinterpret_cast<char*>(encoded), static_cast<std::size_t>(size));
    OPENSSL_free(encoded);
    return out;
}

std::vector<std::string> unusable_staples(const Context& context, const std::string& responder) {
    std::vector<std::string> out;
    auto& leaves = context.leaves();
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        SSL_CTX_select_current_cert(context.raw(), leaves[i].get());
        out.push_back(unusable(context.raw(), leaves[i].get(), context.spec().certificates[i], responder));
    }
    ERR_clear_error();
    return out;
}

}  // namespace bext::tls
