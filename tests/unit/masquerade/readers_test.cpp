#include "masquerade/readers.h"

#include <gtest/gtest.h>

#include "masquerade/diversion.h"
#include "masquerade/doctor.h"

namespace bext::masquerade {
namespace {

const std::string kConfigure =
    "nginx version: nginx/1.28.2 (bext-masquerade)\nbuilt by gcc 12\nbuilt with OpenSSL 3.0.20 7 Apr 2026 (running with OpenSSL 3.0.22 25 Aug 2026)\n"
    "TLS SNI support enabled\nconfigure arguments: --prefix=/x --with-http_ssl_module\n";

TEST(Readers, find_the_version) {
    EXPECT_EQ(version_read("nginx version: nginx/1.28.2 (bext-masquerade)\n"), "1.28.2");
    EXPECT_FALSE(version_read("nginx version: other/1.28.2"));
    EXPECT_FALSE(version_read("nginx/1.28.2"));
    EXPECT_FALSE(version_read("nginx version: nginx/"));
}

TEST(Readers, miss_what_certbot_would_miss) {
    EXPECT_EQ(missing_in_configure(kConfigure), "");
    for (std::string part : {"TLS SNI support enabled", " --with-http_ssl_module"}) {
        auto text = kConfigure;
        text.erase(text.find(part), part.size());
        EXPECT_EQ(missing_in_configure(text), part);
    }
    EXPECT_EQ(missing_in_configure("nginx version: nginx/1.0\nTLS SNI support enabled\n --with-http_ssl_module"), "built with OpenSSL X");
}

TEST(Readers, read_a_status_page_as_exporters_do) {
    std::string page = "Active connections: 2 \nserver accepts handled requests\n 3 3 9 \nReading: 0 Writing: 1 Waiting: 1 \n";
    EXPECT_EQ(unread_status(page), "");
    EXPECT_EQ(unread_status("Active connections: 2\n"), "netdata");
    EXPECT_EQ(unread_status("Active connections: 2 \nserver accepts handled requests\n3 3 9 \nReading: 0 Writing: 1 Waiting: 1 \n"), "munin")
        << "which wants the blank in front";
    EXPECT_EQ(unread_status("<html>"), "netdata");
}

TEST(Readers, find_status_pages) {
    auto found = status_pages("http { server {\n location / { }\n location = /basic {\n  stub_status;\n }\n location /one { stub_status on; }\n"
                              "# location /no { stub_status; }\n location /other {\n  return 200 \"} stub_status;\";\n }\n}\n}\n");
    EXPECT_EQ(found, (std::vector<StatusPage>{{"127.0.0.1", "80", "", "/basic"}, {"127.0.0.1", "80", "", "/one"}}));
}

TEST(Readers, find_status_pages_where_their_server_is) {
    auto page = [](const std::string& server) {
        auto found = status_pages("http { server { listen 80; } server { " + server + " } }");
        return found.empty() ? StatusPage{"", "", "", ""} : found.front();
    };
    const std::string at = " location /s { stub_status; }";
    EXPECT_EQ(page("listen 127.0.0.1:8080; server_name status.example.org;" + at), (StatusPage{"127.0.0.1", "8080", "status.example.org", "/s"}));
    EXPECT_EQ(page(at + " server_name ~^x *.y .z real; listen *:81 default_server;"), (StatusPage{"127.0.0.1", "81", "real", "/s"}));
    EXPECT_EQ(page("listen [::1]:82;" + at), (StatusPage{"::1", "82", "", "/s"}));
    EXPECT_EQ(page("listen [::]:82;" + at), (StatusPage{"::1", "82", "", "/s"}));
    EXPECT_EQ(page("listen [::1];" + at), (StatusPage{"::1", "80", "", "/s"}));
    EXPECT_EQ(page("listen localhost;" + at), (StatusPage{"localhost", "80", "", "/s"}));
    EXPECT_EQ(page("listen unix:/run/a; listen 443 ssl; listen 83;" + at), (StatusPage{"127.0.0.1", "83", "", "/s"}));
    EXPECT_EQ(page("listen 443 ssl;" + at).path, "");
    EXPECT_EQ(page("listen 84; location ~ ^/s { stub_status; }").path, "");
    EXPECT_EQ(page("listen 84; location /a { location ^~ /a/b { if ($x) { } stub_status; } }"), (StatusPage{"127.0.0.1", "84", "", "/a/b"}));
    EXPECT_EQ(page("listen 84; stub_status;"), (StatusPage{"127.0.0.1", "84", "", "/"}));
    for (auto* odd : {"}", "{{{", "server {", "\"", "a {} } }", "\\"}) (void)status_pages(odd);
}

TEST(Readers, know_a_shim_by_its_mark) {
    EXPECT_TRUE(is_shim("\x7f" "ELF...bext-nginx-shim: stands in for nginx..."));
    EXPECT_FALSE(is_shim("\x7f" "ELF...nginx..."));
}

TEST(Findings, say_the_mend_of_what_fails) {
    std::vector<Finding> findings{{"one", Verdict::kPass, "good", ""}, {"two", Verdict::kFail, "b\"ad\n", "mend it"}};
    EXPECT_FALSE(is_well(findings));
    EXPECT_NE(findings_text(findings).find("mend: mend it\n"), std::string::npos);
    EXPECT_EQ(findings_json(findings), "{\"ok\":false,\"findings\":[{\"name\":\"one\",\"verdict\":\"pass\",\"what\":\"good\",\"mend\":\"\"},"
                                       "{\"name\":\"two\",\"verdict\":\"fail\",\"what\":\"b\\\"ad\\u000a\",\"mend\":\"mend it\"}]}\n");
    findings.pop_back();
    EXPECT_TRUE(is_well(findings));
}

}  // namespace
}  // namespace bext::masquerade
