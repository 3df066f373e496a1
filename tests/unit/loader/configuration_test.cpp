// What a configuration comes to as a whole, and in which order nginx finds what is wrong with it.
#include <gtest/gtest.h>

#include "loader/dynamic_modules.h"
#include "support/memory_site.h"

namespace bext::loader {
namespace {

std::string error_of(const std::string& text) {
    auto read = tests::read_configuration(text);
    return read ? "none" : read.error().text;
}

/// The addresses of a server without `listen`, as a reader with and without privileges takes them.
std::string addresses(std::optional<bool> privileged) {
    std::map<std::string, std::string> texts{{"/t/nginx.conf", "events {} http { error_log /t/e; access_log off; server { } }"}};
    tests::MemoryFiles files(texts);
    Source source;
    source.conf_file = "/t/nginx.conf";
    source.prefix = "/t/";
    source.privileged = privileged;
    tests::MemoryNames names;
    auto read = read_configuration(source, files, names, [](const std::string&) {});
    if (!read) return read.error().text;
    std::string out;
    for (auto& listen : read->site->listens) out += listen->address.text();
    return out + (read->plan.privileged ? " privileged" : "");
}

TEST(Configuration, AServerWithoutListenDependsOnWhoListensNotOnWhoReads) {
    EXPECT_EQ(addresses(true), "0.0.0.0:80 privileged");
    EXPECT_EQ(addresses(false), "0.0.0.0:8000");
}

TEST(Configuration, WhatIsWrongWithTheWholeIsFoundWhenHttpCloses) {
    auto duplicate = "events {} http { server { location /a { }\n location /a { } ";
    EXPECT_EQ(error_of(duplicate + std::string("} junk; }")), "unknown directive \"junk\" in /t/nginx.conf:2");
    EXPECT_EQ(error_of(duplicate + std::string("} }\n junk;")), "duplicate location \"/a\" in /t/nginx.conf:2");
    EXPECT_EQ(error_of("events {} http { server { listen 1 ssl; } } junk;"),
              "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive in /t/nginx.conf:1");
}

TEST(Configuration, OfTwoErrorsTheOneOfNginxsFirstModuleIsTold) {
    auto both = "events {} http { server { ssl_certificate /none.crt; ssl_certificate_key /none.key; listen 1 ssl; } "
                "upstream u { server 127.0.0.1:1 backup; } server { listen 2; location / { proxy_pass http://u; proxy_buffers 1 4k; } } }";
    EXPECT_TRUE(error_of(both).starts_with("no servers in upstream \"u\"")) << error_of(both);
    auto tls = "events {} http { server { location /a { proxy_buffers 1 4k; } } server { listen 1 ssl; ssl_certificate /none.crt; "
               "ssl_certificate_key /none.key; } }";
    EXPECT_TRUE(error_of(tls).starts_with("cannot load certificate \"/none.crt\"")) << error_of(tls);
}

TEST(Configuration, WhatNoServerIsUnderIsNotLookedAt) {
    EXPECT_EQ(error_of("events {} http { proxy_set_header X $nope; proxy_buffers 1 4k; fastcgi_param X $nope; }"), "none");
    EXPECT_EQ(error_of("events {} http { proxy_set_header X $nope; server { listen 1; } }"), "unknown \"nope\" variable");
    auto overridden = "events {} http { proxy_buffers 1 4k; server { listen 1; proxy_buffers 8 4k; } ";
    EXPECT_EQ(error_of(overridden + std::string("}")), "none");
    EXPECT_EQ(error_of(overridden + std::string("server { listen 2; } }")), "there must be at least 2 \"proxy_buffers\" in /t/nginx.conf:1");
}

/// The configuration `text` with two files of modules beside it.
std::string with_modules(const std::string& text, std::string* warnings = nullptr) {
    tests::MemoryFiles files({{"/t/nginx.conf", text}, {"/t/modules/ngx_http_echo_module.so", ""}, {"/t/modules/ngx_stream_module.so", ""}});
    auto read = tests::read_configuration(files, warnings);
    return read ? "none" : read.error().text;
}

TEST(LoadModule, OneThatNothingUsesIsOneWarning) {
    std::string warnings;
    auto text = "load_module modules/ngx_http_echo_module.so;\nload_module /t/modules/ngx_stream_module.so;\n"
                "load_module modules/ngx_http_geo_module.so;\nevents {} http { server { listen 1; } }";
    EXPECT_EQ(with_modules(text, &warnings), "none");
    EXPECT_EQ(warnings, "[warn] bext loads no modules; it does without ngx_http_echo_module, ngx_stream_module, of which no directive is used\n");
}

TEST(LoadModule, ADirectiveOfOneIsRefusedByNameModuleAndPlace) {
    auto echo = "load_module modules/ngx_http_echo_module.so;\nevents {} http { server { listen 1;\nlocation / { echo_sleep 1; } } }";
    EXPECT_EQ(with_modules(echo), "directive \"echo_sleep\" is of module \"ngx_http_echo_module\", which is not supported by this version of "
                                  "bext in /t/nginx.conf:3");
    EXPECT_EQ(with_modules("load_module modules/ngx_stream_module.so;\nevents {} stream { }"),
              "directive \"stream\" is of module \"ngx_stream_module\", which is not supported by this version of bext in /t/nginx.conf:2");
    EXPECT_EQ(with_modules("events {} http { echo hello; }"), "unknown directive \"echo\" in /t/nginx.conf:1") << "nginx's words";
}

TEST(LoadModule, WhatNginxRefusesIsRefused) {
    EXPECT_EQ(with_modules("load_module modules/gone.so; events {}"),
              "dlopen() \"/t/modules/gone.so\" failed (/t/modules/gone.so: cannot open shared object file: No such file or directory) in /t/nginx.conf:1");
    EXPECT_EQ(with_modules("load_module \"\"; events {}"), "dlopen() \"/t/\" failed (/t/: cannot read file data: Is a directory) in /t/nginx.conf:1");
    EXPECT_EQ(with_modules("events {} load_module modules/ngx_http_echo_module.so;"), "\"load_module\" directive is specified too late in /t/nginx.conf:1");
    EXPECT_EQ(with_modules("load_module modules/ngx_http_echo_module.so; load_module modules/ngx_http_echo_module.so; events {}"),
              "module \"ngx_http_echo_module\" is already loaded in /t/nginx.conf:1");
}

TEST(LoadModule, TheModuleOfADirectiveIsKnown) {
    EXPECT_EQ(module_of("more_set_headers"), "ngx_http_headers_more_filter_module");
    EXPECT_EQ(module_of("content_by_lua_block"), "ngx_http_lua_module");
    EXPECT_EQ(module_of("js_import", {"ngx_stream_js_module"}), "ngx_stream_js_module");
    EXPECT_EQ(module_of("geoip2"), "ngx_http_geoip2_module");
    EXPECT_EQ(module_of("proxy_pass"), "");
    EXPECT_EQ(module_of("upload_progress", {"ngx_http_uploadprogress_module"}), "ngx_http_uploadprogress_module");
}

}  // namespace
}  // namespace bext::loader
