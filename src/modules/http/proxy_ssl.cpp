// proxy_ssl_*: how peers are asked over TLS; the handshake is in tls/ (upstream::TlsConnector).
#include "modules/http/proxy.h"

namespace bext::http::proxy {
namespace {

using conf::Cursor;
using conf::Status;
using upstream::TlsSettings;

Status certificate_cache(Cursor& at, TlsSettings& tls) { return upstream::read_certificate_cache(at, tls.certificate_cache); }

Status conf_command(Cursor& at, TlsSettings& tls) {
    if (!tls.conf_commands.is_set()) tls.conf_commands.set({});
    tls.conf_commands.edit().emplace_back(at.arg(1), at.arg(2));
    return conf::ok();
}

Status password_file(Cursor& at, TlsSettings& tls) { return upstream::read_password_file(at, tls.password_file); }

/// A file below the configuration's directory.
template <auto M>
Status conf_file(Cursor& at, TlsSettings& tls) {
    if ((tls.*M).is_set()) return conf::directive_is("is duplicate");
    (tls.*M).set(at.arg(1).empty() ? std::string() : at.conf_path(at.arg(1)));
    return conf::ok();
}

constexpr conf::Word kProtocols[] = {{"SSLv2", 1}, {"SSLv3", 2}, {"TLSv1", 4}, {"TLSv1.1", 8}, {"TLSv1.2", 16}, {"TLSv1.3", 32}};

constexpr conf::Directive kDirectives[] = {
    {"proxy_ssl_session_reuse", conf::kHttp, conf::kFlag, upstream::into<Proxy, &TlsSettings::session_reuse>},
    {"proxy_ssl_protocols", conf::kHttp, conf::kOneOrMore, upstream::any_of<Proxy, &TlsSettings::protocols, kProtocols>},
    {"proxy_ssl_ciphers", conf::kHttp, conf::kOne, upstream::into<Proxy, &TlsSettings::ciphers>},
    {"proxy_ssl_name", conf::kHttp, conf::kOne, upstream::into<Proxy, &TlsSettings::name>},
    {"proxy_ssl_server_name", conf::kHttp, conf::kFlag, upstream::into<Proxy, &TlsSettings::send_name>},
    {"proxy_ssl_verify", conf::kHttp, conf::kFlag, upstream::into<Proxy, &TlsSettings::verify>},
    {"proxy_ssl_verify_depth", conf::kHttp, conf::kOne, upstream::into<Proxy, &TlsSettings::verify_depth>},
    {"proxy_ssl_trusted_certificate", conf::kHttp, conf::kOne,
     upstream::call<Proxy, conf_file<&TlsSettings::trusted_certificate>, &TlsSettings::trusted_certificate>},
    {"proxy_ssl_crl", conf::kHttp, conf::kOne, upstream::call<Proxy, conf_file<&TlsSettings::crl>, &TlsSettings::crl>},
    {"proxy_ssl_certificate", conf::kHttp, conf::kOne, upstream::into<Proxy, &TlsSettings::certificate>},
    {"proxy_ssl_certificate_key", conf::kHttp, conf::kOne, upstream::into<Proxy, &TlsSettings::certificate_key>},
    {"proxy_ssl_certificate_cache", conf::kHttp, conf::kOne | conf::kTwo | conf::kThree, 
     upstream::call<Proxy, certificate_cache, &TlsSettings::certificate_cache>},
    {"proxy_ssl_password_file", conf::kHttp, conf::kOne,
     upstream::call<Proxy, password_file, &TlsSettings::password_file>},
    {"proxy_ssl_conf_command", conf::kHttp, conf::kTwo, upstream::call<Proxy, conf_command, &TlsSettings::conf_commands>},
};

}  // namespace

std::span<const conf::Directive> tls_directives() { return kDirectives; }

}  // namespace bext::http::proxy
