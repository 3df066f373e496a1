#include "loader/dynamic_modules.h"

#include <algorithm>

#include "base/text.h"
#include "loader/builtin.h"

namespace bext::loader {
namespace {

struct DynamicModule {
    std::string_view name;
    std::string_view directives;  // words; "x_*" is every name that begins with x_, "*_x" every one that ends so
};

// Debian's and Ubuntu's libnginx-mod-*, nginx.org's nginx-module-*, and what is often built beside them.
constexpr DynamicModule kModules[] = {
    {"ngx_http_headers_more_filter_module", "more_*"},
    {"ngx_http_brotli_filter_module", "brotli brotli_buffers brotli_comp_level brotli_min_length brotli_types brotli_window"},
    {"ngx_http_brotli_static_module", "brotli_static"},
    {"ngx_http_zstd_filter_module", "zstd zstd_buffers zstd_comp_level zstd_dict_file zstd_min_length zstd_types zstd_window"},
    {"ngx_http_zstd_static_module", "zstd_static"},
    {"ngx_http_geoip_module", "geoip_*"},
    {"ngx_stream_geoip_module", "geoip_*"},
    {"ngx_http_geoip2_module", "geoip2 geoip2_*"},
    {"ngx_stream_geoip2_module", "geoip2 geoip2_*"},
    {"ngx_http_image_filter_module", "image_filter image_filter_*"},
    {"ngx_http_xslt_filter_module", "xml_entities xml_external_entities xslt_*"},
    {"ngx_http_echo_module", "echo echo_*"},
    {"ngx_http_fancyindex_module", "fancyindex fancyindex_*"},
    {"ngx_http_cache_purge_module",
     "proxy_cache_purge fastcgi_cache_purge scgi_cache_purge uwsgi_cache_purge cache_purge_response_type"},
    {"ngx_http_upstream_fair_module", "fair upstream_fair_shm_size"},
    {"ngx_http_subs_filter_module", "subs_filter subs_filter_*"},
    {"ngx_http_auth_pam_module", "auth_pam auth_pam_*"},
    {"ngx_http_auth_spnego_module", "auth_gss auth_gss_*"},
    {"ngx_http_auth_digest_module", "auth_digest auth_digest_*"},
    {"ngx_http_auth_ldap_module", "auth_ldap auth_ldap_* ldap_server"},
    {"ngx_http_dav_ext_module", "dav_ext_*"},
    {"ngx_http_lua_module", "lua_* *_by_lua *_by_lua_block *_by_lua_file access_by_lua_no_postpone rewrite_by_lua_no_postpone"},
    {"ngx_stream_lua_module", "lua_* *_by_lua_block *_by_lua_file"},
    {"ngx_http_set_misc_module",
     "set_base32_* set_decode_* set_encode_* set_escape_uri set_formatted_gmt_time set_formatted_local_time set_hashed_upstream set_hmac_* "
     "set_if_empty set_local_today set_md5 set_misc_* set_quote_* set_random set_rotate set_secure_random_* set_sha1 set_unescape_uri"},
    {"ngx_http_perl_module", "perl perl_*"},
    {"ngx_http_js_module", "js_*"},
    {"ngx_stream_js_module", "js_*"},
    {"ngx_stream_module", "stream"},
    {"ngx_mail_module", "mail"},
    {"ngx_rtmp_module", "rtmp rtmp_*"},
    {"ngx_nchan_module", "nchan_* push_*"},
    {"ngx_http_uploadprogress_module", "track_uploads report_uploads upload_progress upload_progress_*"},
    {"ngx_http_upload_module", "upload_*"},
    {"ngx_http_modsecurity_module", "modsecurity modsecurity_*"},
    {"ngx_http_naxsi_module", "MainRule BasicRule CheckRule LearningMode SecRulesEnabled SecRulesDisabled DeniedUrl naxsi_*"},
    {"ngx_http_vhost_traffic_status_module", "vhost_traffic_status vhost_traffic_status_*"},
    {"ngx_http_memc_module", "memc_*"},
    {"ngx_http_redis2_module", "redis2_*"},
    {"ngx_http_srcache_filter_module", "srcache_*"},
    {"ngx_http_array_var_module", "array_*"},
    {"ngx_http_encrypted_session_module", "encrypted_session_* set_encrypt_session set_decrypt_session"},
    {"ngx_http_passenger_module", "passenger_*"},
    {"ngx_http_acme_module", "acme_*"},
    {"ngx_otel_module", "otel_*"},
    {"ngx_http_shibboleth_module", "shib_request shib_request_*"},
    {"ngx_pagespeed", "pagespeed"},
};

bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.starts_with('*')) return name.ends_with(pattern.substr(1));
    if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return name == pattern;
}

bool has(const DynamicModule& module, std::string_view name) {
    auto words = split(module.directives, ' ');
    return std::any_of(words.begin(), words.end(), [&](auto word) { return matches(word, name); });
}

}  // namespace

std::string_view module_name(std::string_view path) {
    auto name = path.substr(path.rfind('/') + 1);
    if (name.ends_with(".so")) name.remove_suffix(3);
    return name;
}

std::string_view module_of(std::string_view directive, const std::vector<std::string>& loaded) {
    std::string_view found;
    for (auto& module : kModules) {
        if (!has(module, directive)) continue;
        if (std::find(loaded.begin(), loaded.end(), module.name) != loaded.end()) return module.name;
        if (found.empty()) found = module.name;
    }
    return found;
}

std::string refusal_of(std::string_view directive, const std::vector<std::string>& loaded) {
    auto module = module_of(directive, loaded);
    if (std::find(loaded.begin(), loaded.end(), module) != loaded.end())
        return cat({"directive \"", directive, "\" is of module \"", module, "\", which is not supported by this version of bext"});
    if (nginx_directive(directive)) return cat({"directive \"", directive, "\" is known to nginx but not supported by this version of bext"});
    return "";
}

}  // namespace bext::loader
