// OpenSSL objects with owners, and its errors as nginx writes them.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

namespace bext::tls {

template <auto F>
struct Free {
    template <class T>
    void operator()(T* object) const {
        F(object);
    }
};
using BioPtr = std::unique_ptr<BIO, Free<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, Free<SSL_SESSION_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;

inline BioPtr memory_bio(std::string_view bytes) {
    return BioPtr(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

/// "text (SSL: error:… error:…)": takes the queue of errors.
inline std::string with_ssl_errors(std::string text) {
    bool first = true;
    const char* data;
    int flags;
    while (auto code = ERR_peek_error_data(&data, &flags)) {
        char reason[256];
        ERR_error_string_n(code, reason, sizeof reason);
        text += first ? " (SSL: " : " ";
        first = false;
        text += reason;
        if (flags & ERR_TXT_STRING && *data) text.append(":").append(data);
        ERR_get_error();
    }
    if (!first) text += ")";
    return text;
}

}  // namespace bext::tls
