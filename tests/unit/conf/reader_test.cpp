// Whole configurations: what is refused, in nginx's words, and where.
#include <gtest/gtest.h>

#include "http/core_conf.h"
#include "support/memory_site.h"

namespace bext::conf {
namespace {

using tests::MemoryFiles;

std::string verdict(const std::string& text) {
    auto read = tests::read_configuration(text);
    return read ? "good" : read.error().text;
}

std::string verdict(std::map<std::string, std::string> texts) {
    MemoryFiles files(std::move(texts));
    auto read = tests::read_configuration(files);
    return read ? "good" : read.error().text;
}

std::string in_http(const std::string& text) { return verdict("events {}\nhttp {\n" + text + "\n}\n"); }

TEST(Reader, Good) {
    EXPECT_EQ(in_http("server { listen 1; }"), "good");
    EXPECT_EQ(verdict("http {}"), "no \"events\" section in configuration");
}

TEST(Reader, WhatAndWhere) {
    EXPECT_EQ(in_http("nonsense 1;"), "unknown directive \"nonsense\" in /t/nginx.conf:3");
    EXPECT_EQ(in_http("worker_processes 1;"), "\"worker_processes\" directive is not allowed here in /t/nginx.conf:3");
    EXPECT_EQ(in_http("sendfile on off;"), "invalid number of arguments in \"sendfile\" directive in /t/nginx.conf:3");
    EXPECT_EQ(in_http("sendfile maybe;"), "invalid value \"maybe\" in \"sendfile\" directive, it must be \"on\" or \"off\" in /t/nginx.conf:3");
    EXPECT_EQ(in_http("sendfile on {}"), "directive \"sendfile\" is not terminated by \";\" in /t/nginx.conf:3");
    EXPECT_EQ(in_http("server;"), "directive \"server\" has no opening \"{\" in /t/nginx.conf:3");
    EXPECT_EQ(verdict("events {}\n}\n"), "unexpected \"}\" in /t/nginx.conf:2");
    EXPECT_EQ(verdict("events {\n"), "unexpected end of file, expecting \"}\" in /t/nginx.conf:2");
}

TEST(Reader, Duplicates) {
    EXPECT_EQ(in_http("sendfile on;\nsendfile on;"), "\"sendfile\" directive is duplicate in /t/nginx.conf:4");
    EXPECT_EQ(in_http("sendfile on; server { listen 1; sendfile off; }"), "good");
    EXPECT_EQ(in_http("server { location /a {}\nlocation /a {} }"), "duplicate location \"/a\" in /t/nginx.conf:4");
    EXPECT_EQ(verdict("events {}\nevents {}\n"), "\"events\" directive is duplicate in /t/nginx.conf:2");
    EXPECT_EQ(in_http("}\nhttp {"), "\"http\" directive is duplicate in /t/nginx.conf:4");
}

TEST(Reader, IncludesSayTheirOwnPlace) {
    std::string main = "events {}\nhttp {\n include conf.d/*.conf;\n include one;\n}\n";
    EXPECT_EQ(verdict({{"/t/nginx.conf", main}}), "open() \"/t/one\" failed (2: No such file or directory) in /t/nginx.conf:4");
    EXPECT_EQ(verdict({{"/t/nginx.conf", main}, {"/t/one", "sendfile on;\n"}}), "good");
    EXPECT_EQ(verdict({{"/t/nginx.conf", main}, {"/t/one", "sendfile on;\nbad;"}}), "unknown directive \"bad\" in /t/one:2");
    EXPECT_EQ(verdict({{"/t/nginx.conf", main}, {"/t/conf.d/a.conf", "sendfile on;\n"}, {"/t/one", "sendfile on;\n"}}),
              "\"sendfile\" directive is duplicate in /t/one:1");
    EXPECT_EQ(verdict({{"/t/nginx.conf", main}, {"/t/one", "server {\n"}}), "unexpected end of file, expecting \"}\" in /t/one:2");
    EXPECT_EQ(verdict({{"/t/nginx.conf", main}, {"/t/one", "}\n"}}), "unexpected \"}\" in /t/one:1");
    EXPECT_NE(verdict({{"/t/nginx.conf", main}, {"/t/one", "include one;\n"}}).find("too many nested includes"), std::string::npos);
}

TEST(Reader, ManyIncludesOneAfterTheOtherAndManyInOneAnother) {
    std::map<std::string, std::string> side_by_side{{"/t/nginx.conf", "events {}\nhttp {\n include conf.d/*.conf;\n include conf.d/*.conf;\n}\n"}};
    for (int i = 0; i < 150; ++i) side_by_side["/t/conf.d/" + std::to_string(i) + ".conf"] = "# nothing\n";
    EXPECT_EQ(verdict(side_by_side), "good");
    auto nested = [](int depth) {
        std::map<std::string, std::string> files{{"/t/nginx.conf", "events {}\nhttp {\n include 1;\n}\n"}, {"/t/" + std::to_string(depth), "sendfile on;\n"}};
        for (int i = 1; i < depth; ++i) files["/t/" + std::to_string(i)] = "include " + std::to_string(i + 1) + ";\n";
        return verdict(files);
    };
    EXPECT_EQ(nested(99), "good");
    EXPECT_NE(nested(100).find("too many nested includes, the last one is \"/t/100\""), std::string::npos);
}

TEST(Reader, EntriesIncludeToo) {
    std::string main = "events {}\nhttp {\n types { include types; text/x x; }\n}\n";
    EXPECT_EQ(verdict({{"/t/nginx.conf", main}, {"/t/types", "text/y y z;\n"}}), "good");
    EXPECT_EQ(verdict({{"/t/nginx.conf", main}}), "open() \"/t/types\" failed (2: No such file or directory) in /t/nginx.conf:3");
}

TEST(Reader, InheritanceGoesDownward) {
    auto read = tests::read_configuration(
        "events {} http { error_log /t/e; send_timeout 7; server { listen 1; location /a { send_timeout 9; } location /b {} } }");
    ASSERT_TRUE(read) << read.error().text;
    auto& server = *read->site->servers[0];
    auto timeout = [](const http::Location& level) {
        return static_cast<const http::Client*>(level.records[slot_of<http::Client>])->send_timeout->count();
    };
    EXPECT_EQ(timeout(server.root), 7000);
    EXPECT_EQ(timeout(*server.locations.statics[0].prefix), 9000);
    EXPECT_EQ(timeout(*server.locations.statics[1].prefix), 7000);
}

}  // namespace
}  // namespace bext::conf
