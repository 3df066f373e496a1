// ssl: certificates, protocols, sessions and client verification of `listen … ssl`.
// https://nginx.org/en/docs/http/ngx_http_ssl_module.html
#include <algorithm>

#include "http/builder.h"
#include "http/connection.h"
#include "http/module.h"
#include "http/zones.h"
#include "tls/engine.h"
#include "tls/server_conf.h"

namespace bext::http {
namespace {

using conf::Cursor;
using conf::Status;
using tls::ServerConf;
using Field = TlsSession::Field;

template <auto M>
Status path(Cursor& at, ServerConf& conf) {
    if ((conf.*M).is_set()) return conf::directive_is("is duplicate");
    (conf.*M).set(at.arg(1).empty() ? std::string() : at.conf_path(at.arg(1)));
    return conf::ok();
}

template <auto M>
Status path_list(Cursor& at, ServerConf& conf) {
    if (!(conf.*M).is_set()) (conf.*M).set({});
    (conf.*M).edit().push_back(at.arg(1));
    return conf::ok();
}

/// As often as one likes: what comes later counts.
Status session_cache(Cursor& at, ServerConf& conf) {
    for (std::size_t i = 1; i < at.count(); ++i) {
        std::string_view word = at.arg(i);
        auto bad = conf::refuse(cat({"invalid session cache \"", word, "\""}));
        bool off = word == "off" || word == "none";
        if (off || word == "builtin" || (word.starts_with("builtin:") && parse_decimal(word.substr(8)))) {
            conf.cache_sessions.set(!off);
            continue;
        }
        if (!word.starts_with("shared:")) return bad;
        auto colon = word.find(':', 7);
        auto size = colon == std::string_view::npos || colon == 7 ? std::nullopt : conf::parse_size(word.substr(colon + 1));
        if (!size) return bad;
        if (*size < 8 * 4096) return conf::refuse(cat({"session cache \"", word, "\" is too small"}));
        auto name = std::string(word.substr(7, colon - 7));
        if (auto zone = name_zone(at.owner<Builder>(), name, *size, "ssl"); !zone) return conf::refuse(zone.error().text);
        conf.cache_name.set(name);
        conf.cache_size.set(*size);
    }
    if (conf.cache_name.is_set() && !conf.cache_sessions.is_set()) conf.cache_sessions.set(true);
    return conf::ok();
}

Status command(Cursor& at, ServerConf& conf) {
    if (!conf.commands.is_set()) conf.commands.set({});
    auto value = at.arg(2);
    if (at.arg(1) == "Certificate" || at.arg(1) == "PrivateKey") value = at.conf_path(value);
    conf.commands.edit().emplace_back(at.arg(1), value);
    return conf::ok();
}

Status password_file(Cursor& at, ServerConf& conf) { return upstream::read_password_file(at, conf.password_file); }

Status engine(Cursor& at, conf::Seen& seen) {
    if (auto bad = conf::once(at, seen)) return bad;
    auto used = tls::use_engine(at.arg(1));
    return used ? conf::ok() : conf::Refusal{used.error().text, conf::Refusal::Kind::kComplete};
}

Status certificate_cache(Cursor& at, ServerConf& conf) { return upstream::read_certificate_cache(at, conf.certificate_cache); }

constexpr conf::Word kProtocols[] = {{"SSLv2", 1}, {"SSLv3", 2}, {"TLSv1", 4}, {"TLSv1.1", 8}, {"TLSv1.2", 16}, {"TLSv1.3", 32}};
constexpr conf::Word kVerify[] = {{"off", 0}, {"on", 1}, {"optional", 2}, {"optional_no_ca", 3}};
constexpr auto kServer = conf::kHttpBlock | conf::kServer;

#define BEXT_SSL_PATH(member) conf::call<path<&ServerConf::member>, &ServerConf::member>

constexpr conf::Directive kDirectives[] = {
    {"ssl_certificate", kServer, conf::kOne, conf::call<path_list<&ServerConf::certificates>, &ServerConf::certificates>},
    {"ssl_certificate_key", kServer, conf::kOne, conf::call<path_list<&ServerConf::keys>, &ServerConf::keys>},
    {"ssl_certificate_cache", kServer, conf::kOne | conf::kTwo | conf::kThree, 
     conf::call<certificate_cache, &ServerConf::certificate_cache>},
    {"ssl_password_file", kServer, conf::kOne, conf::call<password_file, &ServerConf::password_file>},
    {"ssl_dhparam", kServer, conf::kOne, BEXT_SSL_PATH(dhparam)},
    {"ssl_ecdh_curve", kServer, conf::kOne, conf::into<&ServerConf::curves>},
    {"ssl_protocols", kServer, conf::kOneOrMore, conf::any_of<&ServerConf::protocols, kProtocols>},
    {"ssl_ciphers", kServer, conf::kOne, conf::into<&ServerConf::ciphers>},
    {"ssl_buffer_size", kServer, conf::kOne, conf::into<&ServerConf::buffer_size>},
    {"ssl_verify_client", kServer, conf::kOne, conf::one_of<&ServerConf::verify, kVerify>},
    {"ssl_verify_depth", kServer, conf::kOne, conf::into<&ServerConf::verify_depth>},
    {"ssl_client_certificate", kServer, conf::kOne, BEXT_SSL_PATH(client_certificate)},
    {"ssl_trusted_certificate", kServer, conf::kOne, BEXT_SSL_PATH(trusted_certificate)},
    {"ssl_crl", kServer, conf::kOne, BEXT_SSL_PATH(crl)},
    {"ssl_prefer_server_ciphers", kServer, conf::kFlag, conf::into<&ServerConf::prefer_server_ciphers>},
    {"ssl_session_cache", kServer, conf::kOne | conf::kTwo, conf::call<session_cache, &ServerConf::cache_sessions, &ServerConf::cache_name, &ServerConf::cache_size>},
    {"ssl_session_tickets", kServer, conf::kFlag, conf::into<&ServerConf::tickets>},
    {"ssl_session_ticket_key", kServer, conf::kOne, conf::call<path_list<&ServerConf::ticket_keys>, &ServerConf::ticket_keys>},
    {"ssl_session_timeout", kServer, conf::kOne, conf::into<&ServerConf::session_timeout>},
    {"ssl_early_data", kServer, conf::kFlag, conf::into<&ServerConf::early_data>},
    {"ssl_conf_command", kServer, conf::kTwo, conf::call<command, &ServerConf::commands>},
    {"ssl_reject_handshake", kServer, conf::kFlag, conf::into<&ServerConf::reject_handshake>},
    {"ssl_stapling", kServer, conf::kFlag, conf::into<&ServerConf::stapling>},
    {"ssl_stapling_file", kServer, conf::kOne, BEXT_SSL_PATH(stapling_file)},
    {"ssl_stapling_responder", kServer, conf::kOne, conf::into<&ServerConf::stapling_responder>},
    {"ssl_stapling_verify", kServer, conf::kFlag, conf::into<&ServerConf::stapling_verify>},
    {"ssl_engine", conf::kMain, conf::kOne, conf::call<engine>},
};

#undef BEXT_SSL_PATH

template <Field F>
std::optional<std::string_view> field(Request& r, std::string_view) {
    if (!r.connection.tls) return std::nullopt;
    return r.connection.tls->field(F, r.arena);
}

constexpr Variable kVariables[] = {
    {"ssl_protocol", field<Field::kProtocol>},
    {"ssl_cipher", field<Field::kCipher>},
    {"ssl_ciphers", field<Field::kCiphers>},
    {"ssl_curve", field<Field::kCurve>},
    {"ssl_curves", field<Field::kCurves>},
    {"ssl_sigalg", field<Field::kSigalg>},
    {"ssl_session_id", field<Field::kSessionId>},
    {"ssl_session_reused", field<Field::kSessionReused>},
    {"ssl_early_data", field<Field::kEarlyData>, false},
    {"ssl_server_name", field<Field::kServerName>},
    {"ssl_alpn_protocol", field<Field::kAlpn>},
    {"ssl_client_cert", field<Field::kClientCert>},
    {"ssl_client_raw_cert", field<Field::kClientRawCert>},
    {"ssl_client_escaped_cert", field<Field::kClientEscapedCert>},
    {"ssl_client_s_dn", field<Field::kClientSDn>},
    {"ssl_client_i_dn", field<Field::kClientIDn>},
    {"ssl_client_s_dn_legacy", field<Field::kClientSDnLegacy>},
    {"ssl_client_i_dn_legacy", field<Field::kClientIDnLegacy>},
    {"ssl_client_serial", field<Field::kClientSerial>},
    {"ssl_client_fingerprint", field<Field::kClientFingerprint>},
    {"ssl_client_verify", field<Field::kClientVerify>},
    {"ssl_client_v_start", field<Field::kClientVStart>},
    {"ssl_client_v_end", field<Field::kClientVEnd>},
    {"ssl_client_v_remain", field<Field::kClientVRemain>},
    {"ssl_client_sigalg", field<Field::kClientSigalg>},
};

/// What a request's TLS connection must satisfy before anything else is looked at.
Verdict check(Request& r) {
    auto* session = r.connection.tls;
    if (!session || r.internal) return Verdict::pass();
    auto& conf = r.conf<ServerConf>();
    if (!*conf.verify) return Verdict::pass();
    if (!session->server_name().empty() && session->server_name() != r.host) {
        auto* negotiated = r.connection.listen->hosts.find(session->server_name()).server;
        if (negotiated != r.server) {
            r.keepalive = false;
            r.log(Level::kInfo, "client attempted to request the server name different from the one that was negotiated");
            return Verdict::status(status::kMisdirected);
        }
    }
    int code = session->verify_status(*conf.verify == 1, *conf.verify == 3);
    r.log_action = "reading client request headers";  // for nginx this is still a part of it
    if (code == status::kCertError)
        r.log(Level::kInfo, r.arena.cat({"client SSL certificate verify error: ", session->verify_failure()}));
    if (code == status::kNoCert) r.log(Level::kInfo, "client sent no required SSL certificate");
    r.log_action = {};
    return code ? Verdict::status(code) : Verdict::pass();
}

const ServerConf& conf_of(const Server& server) { return *static_cast<const ServerConf*>(server.root.records[conf::slot_of<ServerConf>]); }

/// Each server's certificates are loaded.
Status merged(Cursor& at, Builder& builder) {
    for (auto& server : builder.site->servers) {
        auto* conf = static_cast<ServerConf*>(server->root.records[conf::slot_of<ServerConf>]);
        if (auto bad = conf->make_context(at, builder)) return bad;
    }
    return conf::ok();
}

/// A `listen … ssl` address needs a default server with a certificate, or one that rejects, and then the others theirs.
Status prepare(Cursor&, Builder& builder) {
    auto missing = [](const Server& server) { return conf_of(server).certificates->empty() && !*conf_of(server).reject_handshake; };
    for (auto& listen : builder.site->listens) {
        auto* lacking = listen->hosts.default_server;
        if (!listen->options.ssl || !conf_of(*lacking).certificates->empty()) continue;
        if (!missing(*lacking)) {
            auto& all = listen->hosts.servers();
            auto first = std::find_if(all.begin(), all.end(), [&](auto* server) { return missing(*server); });
            if (first == all.end()) continue;
            lacking = *first;
        }
        return conf::Refusal{cat({"no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive", lacking->place}),
                             conf::Refusal::Kind::kComplete};
    }
    return conf::ok();
}

}  // namespace

extern constinit const Module ssl = {
    .name = "http_ssl",
    .records = records_of<ServerConf>,
    .directives = kDirectives,
    .variables = kVariables,
    .post_read = check,
    .merged = merged,
    .prepare = prepare,
};

}  // namespace bext::http
