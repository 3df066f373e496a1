#include "tls/radar.h"

#include <openssl/x509v3.h>

#include "base/text.h"
#include "conf/files.h"
#include "tls/loading.h"

namespace bext::tls {
namespace {

std::vector<std::string> names_of(X509* certificate) {
    std::vector<std::string> names;
    auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
        auto* name = sk_GENERAL_NAME_value(all, i);
        if (name->type != GEN_DNS) continue;
        auto* text = name->d.dNSName;
        names.push_back(lower({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text))}));
    }
    GENERAL_NAMES_free(all);
    return names;
}

}  // namespace

bool CertificateFacts::covers(const std::string& name) const {
    for (auto& one : names) {
        if (one == name) return true;
        if (one.starts_with("*.") && name.find('.') != std::string::npos && name.substr(name.find('.')) == one.substr(1)) return true;
    }
    return false;
}

Result<CertificateFacts> look_at(const std::string& certificate, const std::string& key) {
    conf::DiskFiles files;
    ReadFile read = [&](const std::string& path) { return files.read(path); };
    auto text = contents(certificate, read, "certificate");
    if (!text) return text.error();
    auto chain = parse_chain(*text, certificate);
    if (!chain) return chain.error();
    auto key_text = contents(key, read, "certificate key");
    if (!key_text) return key_text.error();
    CertificateFacts facts;
    auto* leaf = (*chain)->leaf.get();
    int seconds = 0;
    ASN1_TIME_diff(&facts.days_left, &seconds, nullptr, X509_get0_notAfter(leaf));
    if (facts.days_left == 0 && seconds < 0) facts.days_left = -1;
    facts.valid_yet = X509_cmp_current_time(X509_get0_notBefore(leaf)) < 0;
    facts.chain = (*chain)->rest.size();
    facts.self_signed = X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) == 0;
    facts.names = names_of(leaf);
    if (key_text->find("ENCRYPTED") != std::string_view::npos) return facts;
    auto secret = parse_key(*key_text, key, {});
    if (!secret) return secret.error();
    facts.key_matches = X509_check_private_key(leaf, secret->get()) == 1;
    ERR_clear_error();
    return facts;
}

}  // namespace bext::tls
