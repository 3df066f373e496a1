// The client's certificate in variables: $ssl_client_….
#include <openssl/x509v3.h>
#include <time.h>

#include "http/escape.h"
#include "tls/session.h"

namespace bext::tls {

using Field = http::TlsSession::Field;

namespace {

std::string_view bio_text(BIO* bio, Arena& arena) {
    char* data = nullptr;
    long size = BIO_get_mem_data(bio, &data);
    return arena.copy({data, static_cast<std::size_t>(size)});
}

std::string_view pem(X509* certificate, Arena& arena) {
    BioPtr bio(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(bio.get(), certificate);
    return bio_text(bio.get(), arena);
}

/// $ssl_client_cert: every line but the first begins with a tab, so that it can stand in a header; no last newline.
std::string_view folded(std::string_view text, Arena& arena) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    std::string out;
    for (char c : text) {
        out += c;
        if (c == '\n') out += '\t';
    }
    return arena.copy(out);
}

std::string_view name_text(X509_NAME* name, unsigned long flags, Arena& arena) {
    BioPtr bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), name, 0, flags);
    return bio_text(bio.get(), arena);
}

std::string_view legacy_name(X509_NAME* name, Arena& arena) {
    char* line = X509_NAME_oneline(name, nullptr, 0);
    auto out = arena.copy(line);
    OPENSSL_free(line);
    return out;
}

std::string_view serial(X509* certificate, Arena& arena) {
    BioPtr bio(BIO_new(BIO_s_mem()));
    i2a_ASN1_INTEGER(bio.get(), X509_get0_serialNumber(certificate));
    return bio_text(bio.get(), arena);
}

std::string_view fingerprint(X509* certificate, Arena& arena) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509_digest(certificate, EVP_sha1(), digest, &size);
    return arena.copy(http::to_hex({reinterpret_cast<char*>(digest), size}));
}

std::string_view date(const ASN1_TIME* time, Arena& arena) {
    BioPtr bio(BIO_new(BIO_s_mem()));
    ASN1_TIME_print(bio.get(), time);
    return bio_text(bio.get(), arena);
}

std::string_view days_left(X509* certificate, Arena& arena) {
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate));
    return arena.copy(std::to_string(days < 0 || seconds < 0 ? 0 : days));
}

std::string_view verdict(SSL* ssl, X509* certificate, Arena& arena) {
    if (!certificate) return "NONE";
    auto code = SSL_get_verify_result(ssl);
    if (code == X509_V_OK) return "SUCCESS";
    return arena.cat({"FAILED:", X509_verify_cert_error_string(code)});
}

}  // namespace

std::optional<std::string_view> certificate_field(SSL* ssl, Field field, Arena& arena) {
    X509Ptr owned(SSL_get1_peer_certificate(ssl));
    auto* c = owned.get();
    if (field == Field::kClientVerify) return verdict(ssl, c, arena);
    if (!c) return std::nullopt;
    constexpr unsigned long kFlags = XN_FLAG_RFC2253;
    switch (field) {
        case Field::kClientCert: return folded(pem(c, arena), arena);
        case Field::kClientRawCert: return pem(c, arena);
        case Field::kClientEscapedCert: return http::escape(http::Escape::kUriComponent, pem(c, arena), arena);
        case Field::kClientSDn: return name_text(X509_get_subject_name(c), kFlags, arena);
        case Field::kClientIDn: return name_text(X509_get_issuer_name(c), kFlags, arena);
        case Field::kClientSDnLegacy: return legacy_name(X509_get_subject_name(c), arena);
        case Field::kClientIDnLegacy: return legacy_name(X509_get_issuer_name(c), arena);
        case Field::kClientSerial: return serial(c, arena);
        case Field::kClientFingerprint: return fingerprint(c, arena);
        case Field::kClientVStart: return date(X509_get0_notBefore(c), arena);
        case Field::kClientVEnd: return date(X509_get0_notAfter(c), arena);
        case Field::kClientVRemain: return days_left(c, arena);
        default: return std::nullopt;
    }
}

}  // namespace bext::tls
