#include "takeover/unserved.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "loader/builtin.h"
#include "loader/dynamic_modules.h"

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

std::string own_module_of(std::string_view name) {
    const Origin* best = nullptr;
    for (auto& one : kNginx)
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

std::vector<std::string> loaded_modules(const Survey& survey) {
    std::vector<std::string> names;
    for (auto* one : survey.named("load_module"))
        if (one->words.size() > 1) names.emplace_back(loader::module_name(one->words[1]));
    return names;
}

std::vector<Unserved> unserved_of(const Survey& survey) {
    auto loaded = loaded_modules(survey);
    std::vector<Unserved> all;
    std::set<std::string> blocks;
    for (auto& one : survey.directives) {
        auto& name = one.words.front();
        auto inside_named = [&](auto& block) { return blocks.contains(block); };
        if ((!one.inside.empty() && is_table(one.inside.back())) || std::any_of(one.inside.begin(), one.inside.end(), inside_named)) continue;
        if (loader::has_directive(name)) {
            if (refused_value(one.words))
                all.push_back({name + " " + one.words[1], one.place, own_module_of(name), "refused: bext has this directive, not this value"});
            continue;
        }
        blocks.insert(name);
        if (loader::nginx_directive(name)) {
            auto module = own_module_of(name);
            all.push_back({name, one.place, module.empty() ? "ngx_core_module or ngx_http_core_module" : module, "refused: bext does not have it yet"});
        } else {
            auto module = std::string(loader::module_of(name, loaded));
            all.push_back({name, one.place, module, module.empty() ? "refused: unknown to nginx, unless a module of others' has it" : "refused: a module that is not nginx's own"});
        }
    }
    return all;
}

}  // namespace bext::takeover
