// proxy: the settings of ngx_http_proxy_module and what one proxied request needs. https://nginx.org/en/docs/http/ngx_http_proxy_module.html
#pragma once

#include "http1/chunked.h"
#include "http1/header_parser.h"
#include "http1/status_parser.h"
#include "upstream/exchange.h"
#include "upstream/groups.h"

namespace bext::http::proxy {

/// What `proxy_pass` names.
struct Pass {
    std::string url;                               // as written; empty when it has variables
    Expr target;                                   // with variables
    std::shared_ptr<upstream::Groups> groups;      // to look names up at run time
    std::shared_ptr<upstream::Group> group;        // without variables
    std::string schema, host_header, port, uri;
    std::string location;                          // that the URI replaces
    bool tls = false;
    bool given() const { return group || !target.empty(); }
};

/// One rule of proxy_redirect, proxy_cookie_domain or proxy_cookie_path.
struct Rewrite {
    enum class Kind : std::uint8_t { kPrefix, kRegex, kDomain } kind = Kind::kPrefix;
    Expr pattern;
    std::shared_ptr<const Regex> regex;
    Expr replacement;
    /// Rewrites what follows `from` of `value`. True when it matched.
    bool apply(Request& request, std::string_view& value, std::size_t from) const;
};
using Rewrites = std::shared_ptr<std::vector<Rewrite>>;

struct CookieFlags {
    Expr name;
    std::shared_ptr<const Regex> regex;
    std::vector<Expr> flags;
};

/// Header fields of a request to the peer: those of proxy_set_header and the defaults.
struct RequestHeaders {
    enum class Kind : std::uint8_t { kExpr, kBodyLength, kChunked, kHost, kClose };
    struct Field {
        std::string name;
        Kind kind;
        Expr value;
    };
    std::vector<Field> fields;
    upstream::NameSet names;  // of the client's headers that these replace
    bool host_first = true;  // else Host is one of the fields
    bool host_given = false;
    Expr host;
};
using SetHeaders = std::shared_ptr<std::vector<std::pair<std::string, std::string>>>;  // compiled where they are used

struct Proxy : upstream::Settings, upstream::TlsSettings {
    conf::Setting<Pass> pass;
    conf::Setting<SetHeaders> set_headers;
    conf::Setting<Expr> body, method;
    conf::Setting<std::uint32_t> http_version{1001};
    conf::Setting<std::int64_t> hash_max_size{512}, hash_bucket_size{64};  // what nginx would build of the headers' names
    conf::Setting<bool> redirect{true};
    conf::Setting<Rewrites> redirects, cookie_domains, cookie_paths;
    conf::Setting<std::shared_ptr<std::vector<CookieFlags>>> cookie_flags;

    std::shared_ptr<const RequestHeaders> headers;
    Rewrites locations;  // the redirects in force, the default among them

    conf::Status finish(const Proxy& outer, conf::Cursor& at);
};

/// One request to an HTTP peer.
class Call final : public upstream::Protocol {
public:
    explicit Call(const Proxy& conf) : conf_(conf) {}

    /// What is passed to, from the settings or evaluated. 0, or the status to answer with.
    int find_target(Request& request);

    bool create(upstream::Exchange& x) override;
    void restart(upstream::Exchange& x) override;
    upstream::Head parse(upstream::Exchange& x) override;
    void begin_body(upstream::Exchange& x) override;
    bool take(upstream::Exchange& x, std::string_view bytes, Chain& out) override;
    void frame(upstream::Exchange& x, std::string_view bytes, bool last, Chain& out) override;
    bool rewrite_location(Request& request, std::string_view& value, std::size_t from) override;
    bool rewrites_locations() const override { return conf_.locations != nullptr; }
    void rewrite_cookie(Request& request, std::string_view& value) override;

    std::shared_ptr<upstream::Group> group;
    std::string_view schema, host_header, port, uri;
    std::string_view host;      // for TLS
    upstream::Url unknown;      // without a group: a name to be looked up
    bool tls = false;
    std::int64_t body_length = -1;  // $proxy_internal_body_length
    bool chunked = false;           // $proxy_internal_chunked

private:
    int evaluate_target(Request& request);
    std::string_view make_uri(Request& request) const;
    std::string_view make_head(Request& request, std::string_view method, std::string_view uri);
    upstream::Head parse_status(upstream::Exchange& x);
    upstream::Head parse_lines(upstream::Exchange& x);
    bool invalid_line(upstream::Exchange& x, const char* line, std::string_view what) const;
    bool take_trailers(upstream::Exchange& x, std::string_view bytes);
    void ended(upstream::Exchange& x, std::string_view surplus, std::string_view behind);
    upstream::Head head_done(upstream::Exchange& x);
    bool take_chunked(upstream::Exchange& x, std::string_view bytes, Chain& out);

    const Proxy& conf_;
    bool head_ = false;         // a HEAD request: no body follows
    bool status_done_ = false;
    http1::StatusLineParser status_;
    http1::HeaderLineParser line_{{.underscores = true, .skip_status = true}};
    http1::ChunkedDecoder decoder_;
    upstream::Buffer trailers_;  // the section behind the last chunk, as far as it has come
};

/// The content handler.
Task<Verdict> handle(Request& request);

std::span<const conf::Directive> directives();
/// proxy_ssl_*.
std::span<const conf::Directive> tls_directives();
conf::Status set_redirect(conf::Cursor& at, Proxy& proxy);
conf::Status set_cookie_domain(conf::Cursor& at, Proxy& proxy);
conf::Status set_cookie_path(conf::Cursor& at, Proxy& proxy);
conf::Status set_cookie_flags(conf::Cursor& at, Proxy& proxy);
/// The rule of `proxy_redirect default` for that pass.
Rewrite default_redirect(const Pass& pass);

}  // namespace bext::http::proxy
