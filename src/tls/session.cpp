#include "tls/session.h"

#include "base/text.h"

namespace bext::tls {

using Field = http::TlsSession::Field;

namespace {

std::optional<std::string_view> text(const char* value) {
    if (!value) return std::nullopt;
    return std::string_view(value);
}

std::string hex(const unsigned char* bytes, std::size_t size) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
        out += kDigits[bytes[i] >> 4];
        out += kDigits[bytes[i] & 15];
    }
    return out;
}

std::optional<std::string_view> session_id(SSL* ssl, Arena& arena) {
    auto* session = SSL_get0_session(ssl);
    if (!session) return std::nullopt;
    unsigned size = 0;
    auto* id = SSL_SESSION_get_id(session, &size);
    return arena.copy(hex(id, size));
}

std::optional<std::string_view> curves(SSL* ssl, Arena& arena) {
    int count = static_cast<int>(SSL_get1_curves(ssl, nullptr));
    if (count <= 0) return std::nullopt;
    std::string out;
    std::vector<int> list(static_cast<std::size_t>(count));
    SSL_get1_curves(ssl, list.data());
    for (int nid : list) {
        if (!out.empty()) out += ':';
        if (nid & TLSEXT_nid_unknown) {
            char unknown[16];
            snprintf(unknown, sizeof unknown, "0x%04x", nid & 0xffff);
            out += unknown;
        } else {
            out += OBJ_nid2sn(nid);
        }
    }
    return arena.copy(out);
}

std::optional<std::string_view> curve(SSL* ssl, Arena& arena) {
    auto nid = SSL_get_negotiated_group(ssl);
    if (nid == 0) return std::nullopt;
    if (nid & TLSEXT_nid_unknown) {
        char unknown[16];
        snprintf(unknown, sizeof unknown, "0x%04x", static_cast<unsigned>(nid & 0xffff));
        return arena.copy(unknown);
    }
    return text(OBJ_nid2sn(static_cast<int>(nid)));
}

std::optional<std::string_view> ciphers(SSL* ssl, Arena& arena) {
    const unsigned char* raw = nullptr;
    std::size_t count = SSL_get0_raw_cipherlist(ssl, nullptr);
    std::size_t size = SSL_get0_raw_cipherlist(ssl, const_cast<unsigned char**>(&raw));
    if (!raw || count == 0) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i + count <= size; i += count) {
        auto* cipher = SSL_CIPHER_find(ssl, raw + i);
        if (!out.empty()) out += ':';
        if (cipher) {
            out += SSL_CIPHER_get_name(cipher);
        } else {
            out += "0x";
            out += hex(raw + i, count);
        }
    }
    return arena.copy(out);
}

}  // namespace

std::string_view ServerStream::alpn() const {
    const unsigned char* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl(), &data, &size);
    return {reinterpret_cast<const char*>(data), size};
}

std::optional<std::string_view> ServerStream::field(Field which, Arena& arena) {
    switch (which) {
        case Field::kProtocol: return text(SSL_get_version(ssl()));
        case Field::kCipher: return text(SSL_get_cipher_name(ssl()));
        case Field::kCiphers: return ciphers(ssl(), arena);
        case Field::kCurve: return curve(ssl(), arena);
        case Field::kCurves: return curves(ssl(), arena);
        case Field::kSessionId: return session_id(ssl(), arena);
        case Field::kSessionReused: return SSL_session_reused(ssl()) ? "r" : ".";
        case Field::kServerName:  // as it was sent, when it is the name of a host at all
            return server_name_.empty() ? std::nullopt : text(SSL_get_servername(ssl(), TLSEXT_NAMETYPE_host_name));
        case Field::kAlpn: return alpn().empty() ? std::nullopt : std::optional<std::string_view>(alpn());
        case Field::kEarlyData: return SSL_is_init_finished(ssl()) ? std::nullopt : std::optional<std::string_view>("1");
        case Field::kSigalg:
        case Field::kClientSigalg: {
            int nid = NID_undef;
            int known = which == Field::kSigalg ? SSL_get_signature_type_nid(ssl(), &nid) : SSL_get_peer_signature_type_nid(ssl(), &nid);
            return known == 1 && nid != NID_undef ? text(OBJ_nid2sn(nid)) : std::nullopt;
        }
        default: return certificate_field(ssl(), which, arena);
    }
}

namespace {

/// Failures that optional_no_ca overlooks: the chain could not be followed.
bool forgivable(long code) {
    switch (code) {
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_CERT_UNTRUSTED:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: return true;
        default: return false;
    }
}

}  // namespace

int ServerStream::verify_status(bool required, bool optional_no_ca) {
    auto code = SSL_get_verify_result(ssl());
    if (code != X509_V_OK && !(optional_no_ca && forgivable(code))) return 495;
    if (!required) return 0;
    X509Ptr certificate(SSL_get1_peer_certificate(ssl()));
    return certificate ? 0 : 496;
}

std::string ServerStream::verify_failure() const {
    auto code = SSL_get_verify_result(ssl());
    return cat({"(", std::to_string(code), ":", X509_verify_cert_error_string(code), ")"});
}

}  // namespace bext::tls
