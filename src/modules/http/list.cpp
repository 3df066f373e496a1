// Every HTTP module, once, in the order in which hooks run within a phase, filters run on the way out, and what is wrong with
// the whole is found when the http block closes.
#include "http/module.h"

namespace bext::http {

extern const Module access_logs, autoindex, index_module, map_module, rewrite_module, try_files_module;
extern const Module core_variables, core_variables_connection, core_variables_response;
extern const Module core, core_client, ssl, static_files;
extern const Module core_resolver, upstream_groups, upstream_keepalive, upstream_zone, http_proxy, http_proxy_ssl, http_fastcgi;
extern const Module addition, auth_request, mirror, ssi_filter, sub_filter;
extern const Module not_modified, headers_filter, range_filter, realip, limit_req, limit_conn, access_rules, auth_basic, empty_gif, stub_status, bext_status, bext_series, gzip_filter, gzip_static, geo_module, split_clients, referer, userid, charset_filter;

extern const Module dormant_proxy_cache, dormant_fastcgi_cache, dormant_uwsgi, dormant_scgi, dormant_grpc, dormant_memcached, dormant_switches;

std::span<const Module* const> modules() {
    static constexpr const Module* kModules[] = {
        &core, &core_client, &core_variables, &core_variables_connection, &core_variables_response, &access_logs, &rewrite_module, &map_module, &try_files_module, &mirror, &core_resolver, &upstream_groups, &upstream_keepalive, &upstream_zone, &split_clients, &referer, &ssl, &http_proxy, &http_proxy_ssl, &http_fastcgi, &index_module, &autoindex, &realip, &limit_req, &limit_conn, &access_rules, &auth_basic, &auth_request, &empty_gif, &stub_status, &bext_status, &bext_series, &gzip_static, &geo_module, &static_files, &not_modified, &headers_filter, &userid, &sub_filter, &addition, &charset_filter, &ssi_filter, &gzip_filter, &range_filter,
        &dormant_proxy_cache, &dormant_fastcgi_cache, &dormant_uwsgi, &dormant_scgi, &dormant_grpc, &dormant_memcached, &dormant_switches,
    };
    return kModules;
}

}  // namespace bext::http
