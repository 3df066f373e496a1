// Every HTTP module, once, in the order in which hooks run within a phase, filters run on the way out, and what is wrong with
// the whole is found when the http block closes.
#include "http/module.h"

namespace bext::http {

extern const Module access_logs;
extern const Module access_rules;
extern const Module addition;
extern const Module auth_basic;
extern const Module auth_request;
extern const Module autoindex;
extern const Module bext_series;
extern const Module bext_status;
extern const Module charset_filter;
extern const Module core;
extern const Module core_client;
extern const Module core_resolver;
extern const Module core_variables;
extern const Module core_variables_connection;
extern const Module core_variables_response;
extern const Module dormant_fastcgi_cache;
extern const Module dormant_grpc;
extern const Module dormant_memcached;
extern const Module dormant_proxy_cache;
extern const Module dormant_scgi;
extern const Module dormant_switches;
extern const Module dormant_uwsgi;
extern const Module empty_gif;
extern const Module geo_module;
extern const Module gzip_filter;
extern const Module gzip_static;
extern const Module headers_filter;
extern const Module http_fastcgi;
extern const Module http_proxy;
extern const Module http_proxy_ssl;
extern const Module index_module;
extern const Module limit_conn;
extern const Module limit_req;
extern const Module map_module;
extern const Module mirror;
extern const Module not_modified;
extern const Module range_filter;
extern const Module realip;
extern const Module referer;
extern const Module rewrite_module;
extern const Module split_clients;
extern const Module ssi_filter;
extern const Module ssl;
extern const Module static_files;
extern const Module stub_status;
extern const Module sub_filter;
extern const Module try_files_module;
extern const Module upstream_groups;
extern const Module upstream_keepalive;
extern const Module upstream_zone;
extern const Module userid;
extern const Module v2;

std::span<const Module* const> modules() {
    static constexpr const Module* kModules[] = {
        &core,
        &core_client,
        &v2,
        &core_variables,
        &core_variables_connection,
        &core_variables_response,
        &access_logs,
        &rewrite_module,
        &map_module,
        &try_files_module,
        &mirror,
        &core_resolver,
        &upstream_groups,
        &upstream_keepalive,
        &upstream_zone,
        &split_clients,
        &referer,
        &ssl,
        &http_proxy,
        &http_proxy_ssl,
        &http_fastcgi,
        &index_module,
        &autoindex,
        &realip,
        &limit_req,
        &limit_conn,
        &access_rules,
        &auth_basic,
        &auth_request,
        &empty_gif,
        &stub_status,
        &bext_status,
        &bext_series,
        &gzip_static,
        &geo_module,
        &static_files,
        &not_modified,
        &headers_filter,
        &userid,
        &sub_filter,
        &addition,
        &charset_filter,
        &ssi_filter,
        &gzip_filter,
        &range_filter,
        &dormant_proxy_cache,
        &dormant_fastcgi_cache,
        &dormant_uwsgi,
        &dormant_scgi,
        &dormant_grpc,
        &dormant_memcached,
        &dormant_switches,
    };
    return kModules;
}

}  // namespace bext::http
