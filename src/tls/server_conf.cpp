#include "tls/server_conf.h"

#include "http/builder.h"
#include "http/tls_files.h"
#include "tls/accept.h"
#include "tls/stapling.h"

namespace bext::tls {

conf::Status ServerConf::finish(const ServerConf& outer, conf::Cursor& at) {
    if (&outer == this) protocols.set_default(upstream::default_protocols(at.owner<http::Builder>().site->nginx));
    return conf::ok();
}

ContextSpec ServerConf::spec(const conf::Cursor& at) const {
    ContextSpec s;
    s.named_by_variables = !named.empty();
    auto source = [&](const std::string& name) { return s.named_by_variables || name.starts_with("data:") ? name : at.conf_path(name); };
    for (auto& name : *certificates) s.certificates.push_back(source(name));
    for (auto& name : *keys) s.keys.push_back(source(name));
    s.password_file = *password_file;
    s.protocols = *protocols;
    s.ciphers = *ciphers;
    s.curves = *curves;
    s.dhparam = *dhparam;
    s.prefer_server_ciphers = *prefer_server_ciphers;
    s.client_certificate = *client_certificate;
    s.trusted_certificate = *trusted_certificate;
    s.crl = *crl;
    s.verify = *verify;
    s.verify_depth = *verify_depth;
    s.tickets = *tickets;
    for (auto& path : *ticket_keys) s.ticket_keys.push_back(at.conf_path(path));
    s.cache_sessions = *cache_sessions;
    if (s.cache_sessions) s.cache_name = *cache_name, s.cache_sessions_size = *cache_size;
    s.session_timeout = session_timeout->count();
    s.commands = *commands;
    s.stapling_file = *stapling ? *stapling_file : std::string();
    return s;
}

conf::Status ServerConf::name_certificates(const conf::Cursor& at, http::Builder& builder) {
    std::vector<NamedPair> pairs;
    bool variables = false;
    for (std::size_t i = 0; i < certificates->size(); ++i) {
        auto certificate = http::Expr::compile((*certificates)[i], builder);
        if (!certificate) return conf::refuse(certificate.error().text);
        auto key = http::Expr::compile((*keys)[i], builder);
        if (!key) return conf::refuse(key.error().text);
        variables = variables || !certificate->constant() || !key->constant();
        pairs.push_back({*certificate, *key});
    }
    if (!variables) return conf::ok();
    named = std::move(pairs);
    prefix = at.conf_path("");
    CertificateCache::prepare(*certificate_cache);
    return conf::ok();
}

conf::Status ServerConf::make_context(conf::Cursor& at, http::Builder& builder) {
    if (context || (certificates->empty() && !*reject_handshake)) return conf::ok();
    auto complete = [](std::string text) { return conf::Refusal{std::move(text), conf::Refusal::Kind::kComplete}; };
    if (keys->size() < certificates->size())
        return complete(cat({"no \"ssl_certificate_key\" is defined for certificate \"", certificates->back(), "\""}));
    if (auto bad = name_certificates(at, builder)) return complete(bad->text);
    auto wanted = spec(at);
    auto& known = *builder.shared<std::vector<std::shared_ptr<Context>>>("tls contexts");
    for (auto& other : known)
        if (other->spec() == wanted) context = other;
    if (!context) {
        auto made = Context::create_server(wanted, [&](const std::string& path) {
            builder.shared<http::TlsFiles>(http::kTlsFiles)->insert(path);
            return at.files().read(path);
        });
        if (!made) return complete(made.error().text);
        context = *made;
        prepare_server_context(context->raw());
        known.push_back(context);
    }
    if (*stapling && stapling_file->empty() && named.empty())
        for (auto& why : unusable_staples(*context, *stapling_responder)) at.warn_plain(why);
    return conf::ok();
}

}  // namespace bext::tls
