// Which server answers for a host: each answers with its own name.
#include <gtest/gtest.h>

#include "support/memory_site.h"

namespace bext::http {
namespace {

std::string servers(std::initializer_list<const char*> names) {
    std::string out = "events {} http { error_log /t/e emerg; access_log off; server { listen 1 default_server; server_name the-default; return 200 default; } ";
    for (std::string name : names) out += "server { listen 1; server_name " + name + "; return 200 '" + name + " $sub $1'; } ";
    return out + "server { listen 1; server_name ~^(?<sub>none)$; } }";
}

struct VirtualHostsTest : testing::Test {
    std::string find(const std::string& text, std::string_view host) {
        auto read = tests::read_configuration(text, &warnings);
        if (!read) return read.error().text;
        auto body = tests::MemorySite(thread, read->site).get("/", host).body;
        while (body.ends_with(' ')) body.pop_back();
        return body;
    }
    Thread thread;
    std::string warnings;
};

TEST_F(VirtualHostsTest, EachForm) {
    auto all = servers({"exact.test", "*.head.test", ".both.test", "tail.*", "\"\"", "~^(?<sub>re)(gex)"});
    EXPECT_EQ(find(all, "exact.test"), "exact.test");
    EXPECT_EQ(find(all, "a.exact.test"), "default");
    EXPECT_EQ(find(all, "a.head.test"), "*.head.test");
    EXPECT_EQ(find(all, "a.b.head.test"), "*.head.test");
    EXPECT_EQ(find(all, "head.test"), "default");
    EXPECT_EQ(find(all, "both.test"), ".both.test");
    EXPECT_EQ(find(all, "a.both.test"), ".both.test");
    EXPECT_EQ(find(all, "tail.test"), "tail.*");
    EXPECT_EQ(find(all, "tail.a.b"), "tail.*");
    EXPECT_EQ(find(all, "tail"), "default");
    EXPECT_EQ(find(all, ""), "\"\"");
    EXPECT_EQ(find(all, "regex.test"), "~^(?<sub>re)(gex) re re");
    EXPECT_EQ(find(all, "other"), "default");
    EXPECT_EQ(warnings, "");
}

TEST_F(VirtualHostsTest, Precedence) {
    auto all = servers({"~.", "www.example.*", "*.example.test", "*.www.example.test", "www.example.test", "www.*"});
    EXPECT_EQ(find(all, "www.example.test"), "www.example.test");
    EXPECT_EQ(find(all, "a.www.example.test"), "*.www.example.test");  // the longest head
    EXPECT_EQ(find(all, "a.example.test"), "*.example.test");
    EXPECT_EQ(find(all, "www.example.org"), "www.example.*");  // the longest tail
    EXPECT_EQ(find(all, "www.org"), "www.*");
    EXPECT_EQ(find(all, "other.org"), "~.");
}

TEST_F(VirtualHostsTest, TheFirstRegexWins) {
    EXPECT_EQ(find(servers({"~^a", "~^ab"}), "abc"), "~^a");
}

TEST_F(VirtualHostsTest, TheFirstOfTwoEqualNamesWins) {
    EXPECT_EQ(find(servers({"a.test", "A.test"}), "a.test"), "a.test");
    EXPECT_EQ(warnings, "[warn] conflicting server name \"a.test\" on 0.0.0.0:1, ignored\n");
}

TEST_F(VirtualHostsTest, TheCapturesOfTheOnlyServer) {
    auto one = "events {} http { error_log /t/e emerg; server { listen 1; server_name ~^(?<sub>.+)\\.test$; return 200 $sub$1; } }";
    EXPECT_EQ(find(one, "x.test"), "xx");
    EXPECT_EQ(find(one, "other"), "");
}

}  // namespace
}  // namespace bext::http
