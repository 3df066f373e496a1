#include "takeover/unserved.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "loader/builtin.h"

namespace bext::takeover {
namespace {

struct Origin {
    std::string_view start;  // what a directive's name begins with
    std::string_view module;
};

/// Modules of nginx's own that bext lacks, wholly or in part; the longest start counts.
constexpr Origin kNginx[] = {
    {"stream", "ngx_stream_core_module"}, {"mail", "ngx_mail_core_module"}, {"http2", "ngx_http_v2_module"}, {"http3", "ngx_http_v3_module"},
    {"quic_", "ngx_http_v3_module"}, {"grpc_", "ngx_http_grpc_module"}, {"uwsgi_", "ngx_http_uwsgi_module"}, {"scgi_", "ngx_http_scgi_module"},
    {"memcached_", "ngx_http_memcached_module"}, {"proxy_", "ngx_http_proxy_module"}, {"fastcgi_", "ngx_http_fastcgi_module"},
    {"dav_", "ngx_http_dav_module"}, {"create_full_put_path", "ngx_http_dav_module"}, {"min_delete_depth", "ngx_http_dav_module"},
    {"flv", "ngx_http_flv_module"}, {"mp4", "ngx_http_mp4_module"}, {"geoip_", "ngx_http_geoip_module"}, {"image_filter", "ngx_http_image_filter_module"},
    {"xslt_", "ngx_http_xslt_module"}, {"xml_entities", "ngx_http_xslt_module"}, {"perl", "ngx_http_perl_module"}, {"secure_link", "ngx_http_secure_link_module"},
    {"slice", "ngx_http_slice_module"}, {"random_index", "ngx_http_random_index_module"}, {"gunzip", "ngx_http_gunzip_module"},
    {"ancient_browser", "ngx_http_browser_module"}, {"modern_browser", "ngx_http_browser_module"}, {"google_perftools", "ngx_google_perftools_module"},
    {"hash", "ngx_http_upstream_hash_module"}, {"ip_hash", "ngx_http_upstream_ip_hash_module"}, {"least_conn", "ngx_http_upstream_least_conn_module"},
    {"least_time", "ngx_http_upstream_least_time_module"}, {"random", "ngx_http_upstream_random_module"}, {"sticky", "ngx_http_upstream_sticky_module"},
    {"keepalive", "ngx_http_upstream_keepalive_module"}, {"tunnel_", "ngx_http_tunnel_module"}, {"ssl_", "ngx_http_ssl_module"},
    {"upstream", "ngx_http_upstream_module"}, {"imap_", "ngx_mail_imap_module"}, {"pop3_", "ngx_mail_pop3_module"}, {"smtp_", "ngx_mail_smtp_module"},
    {"auth_http", "ngx_mail_auth_http_module"},
};

/// Modules that others have written, by their directives.
constexpr Origin kOthers[] = {
    {"more_", "headers-more"}, {"brotli", "ngx_brotli"}, {"zstd", "zstd-nginx-module"}, {"lua_", "lua-nginx-module"}, {"init_by_lua", "lua-nginx-module"},
    {"content_by_lua", "lua-nginx-module"}, {"access_by_lua", "lua-nginx-module"}, {"rewrite_by_lua", "lua-nginx-module"}, {"set_by_lua", "lua-nginx-module"},
    {"header_filter_by_lua", "lua-nginx-module"}, {"body_filter_by_lua", "lua-nginx-module"}, {"log_by_lua", "lua-nginx-module"},
    {"balancer_by_lua", "lua-nginx-module"}, {"js_", "njs"}, {"modsecurity", "ModSecurity-nginx"}, {"pagespeed", "ngx_pagespeed"}, {"geoip2", "ngx_http_geoip2_module"},
    {"fancyindex", "ngx-fancyindex"}, {"echo", "echo-nginx-module"}, {"rtmp", "nginx-rtmp-module"}, {"passenger", "passenger"}, {"subs_filter", "ngx_http_substitutions_filter_module"},
    {"vhost_traffic_status", "nginx-module-vts"}, {"auth_pam", "ngx_http_auth_pam_module"}, {"auth_ldap", "nginx-auth-ldap"}, {"nchan_", "nchan"}, {"push_stream", "nginx-push-stream-module"},
    {"upload_", "nginx-upload-module"}, {"track_uploads", "nginx-upload-progress-module"}, {"report_uploads", "nginx-upload-progress-module"},
    {"vod", "nginx-vod-module"}, {"dav_ext", "nginx-dav-ext-module"}, {"proxy_cache_purge", "ngx_cache_purge"}, {"fastcgi_cache_purge", "ngx_cache_purge"},
    {"opentelemetry", "nginx-otel"}, {"otel_", "nginx-otel"},
};

/// Directives of which only the value "off" is accepted, or all but one.
struct Value {
    std::string_view name;
    std::string_view only, never;
};
constexpr Value kValues[] = {
    {"proxy_store", "off", ""}, {"fastcgi_store", "off", ""}, {"uwsgi_store", "off", ""}, {"scgi_store", "off", ""}, {"proxy_cache", "off", ""},
    {"fastcgi_cache", "off", ""}, {"uwsgi_cache", "off", ""}, {"scgi_cache", "off", ""}, {"gunzip", "off", ""}, {"random_index", "off", ""},
    {"ssl_ocsp", "off", ""}, {"ssl_certificate_compression", "off", ""}, {"proxy_http_version", "", "2"},
};

template <std::size_t N>
std::string module_of(const Origin (&all)[N], std::string_view name) {
    const Origin* best = nullptr;
    for (auto& one : all)
        if (name.starts_with(one.start) && (!best || one.start.size() > best->start.size())) best = &one;
    return best ? std::string(best->module) : std::string();
}

/// Blocks whose lines are entries of a table and no directives.
bool is_table(const std::string& name) {
    return name == "types" || name == "map" || name == "geo" || name == "charset_map" || name == "split_clients";
}

bool refused_value(const std::vector<std::string>& words) {
    for (auto& one : kValues)
        if (words.size() > 1 && words[0] == one.name) return one.only.empty() ? words[1] == one.never : words[1] != one.only;
    return false;
}

}  // namespace

std::vector<Unserved> unserved_of(const Survey& survey) {
    std::vector<Unserved> all;
    std::set<std::string> blocks;
    for (auto& one : survey.directives) {
        auto& name = one.words.front();
        auto inside_named = [&](auto& block) { return blocks.contains(block); };
        if ((!one.inside.empty() && is_table(one.inside.back())) || std::any_of(one.inside.begin(), one.inside.end(), inside_named)) continue;
        if (loader::has_directive(name)) {
            if (refused_value(one.words))
                all.push_back({name + " " + one.words[1], one.place, module_of(kNginx, name), "refused: bext has this directive, not this value"});
            continue;
        }
        blocks.insert(name);
        if (loader::nginx_directive(name)) {
            auto module = module_of(kNginx, name);
            all.push_back({name, one.place, module.empty() ? "ngx_core_module or ngx_http_core_module" : module, "refused: bext does not have it yet"});
        } else {
            auto module = module_of(kOthers, name);
            all.push_back({name, one.place, module, module.empty() ? "refused: unknown to nginx, unless a module of others' has it" : "refused: a module that is not nginx's own"});
        }
    }
    return all;
}

}  // namespace bext::takeover
