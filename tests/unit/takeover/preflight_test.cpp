// What the preflight predicts of a configuration and of the machine.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/fd.h"
#include "takeover/backends.h"
#include "takeover/dependents.h"
#include "takeover/nameservers.h"
#include "takeover/nginx.h"
#include "takeover/sandbox.h"
#include "takeover/unserved.h"

namespace bext::takeover {
namespace {

class PreflightTest : public testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/bext-preflight-XXXXXX";
        root_ = mkdtemp(name);
    }
    void TearDown() override { std::filesystem::remove_all(root_); }

    std::string put(const std::string& path, const std::string& text) {
        std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
        return root_ + path;
    }
    Survey survey_of(const std::string& text) {
        loader::Source source;
        source.conf_file = put("/nginx.conf", text);
        return survey(source);
    }

    std::string root_;
};

TEST_F(PreflightTest, EveryDirectiveIsNamedWithPlaceAndModule) {
    auto all = unserved_of(survey_of("stream {\n  server { listen 1; proxy_pass a; }\n}\nhttp {\n  types { text/x no_such; }\n  proxy_cache_path /c keys_zone=z:1m;\n"
                                     "  server {\n    location / { grpc_pass 127.0.0.1:1; }\n    more_set_headers 'A: b';\n    gunzip on;\n    proxy_cache off;\n    nonsense_x;\n"
                                     "    image_filter test;\n    perl x;\n  }\n}\n"));
    std::string text;
    for (auto& one : all) text += one.place.substr(one.place.rfind(':') + 1) + " " + one.directive + " " + one.module + "\n";
    EXPECT_EQ(text, "1 stream ngx_stream_core_module\n6 proxy_cache_path ngx_http_proxy_module\n8 grpc_pass ngx_http_grpc_module\n9 more_set_headers ngx_http_headers_more_filter_module\n"
                    "10 gunzip on ngx_http_gunzip_module\n12 nonsense_x \n13 image_filter ngx_http_image_filter_module\n14 perl ngx_http_perl_module\n");
    for (auto& one : all) EXPECT_TRUE(one.happens.starts_with("refused: ")) << one.directive;
}

loader::Configuration writing(std::vector<std::string> logs, std::vector<std::string> directories = {}, std::vector<std::string> sockets = {}) {
    loader::Configuration configuration;
    configuration.plan.log_files = std::move(logs);
    configuration.plan.directories = std::move(directories);
    for (auto& one : sockets) {
        handoff::Listen listen;
        listen.text = one;
        configuration.plan.listens.push_back(listen);
    }
    return configuration;
}

using Closed = std::vector<std::string>;

TEST_F(PreflightTest, PathsOutsideOfTheUnit) {
    sysd::Sandbox strict{"strict", {"-/var", "-/run", "+/srv/"}};
    EXPECT_EQ(closed_directories(writing({"/var/log/nginx/a.log", "/srv/a", "/dev/stdout"}, {"/var/lib/nginx/body"}, {"unix:/run/a.sock", "0.0.0.0:80"}), {}, strict), Closed{});
    EXPECT_EQ(closed_directories(writing({"/data-x/logs/a.log", "/data-x/logs/b.log", "/variable/a.log"}, {"/cache-x/body"}, {"unix:/sock-x/a.sock"}), {}, strict),
              (Closed{"/cache-x/body", "/data-x/logs", "/sock-x", "/variable"}));
    EXPECT_EQ(closed_directories(writing({"/data-x/a.log"}), {}, {"no", {}}), Closed{});
    EXPECT_EQ(closed_directories(writing({"/data-x/a.log", "/etc/a.log", "/usr/a.log"}), {}, {"full", {}}), (Closed{"/etc", "/usr"}));
    EXPECT_EQ(closed_directories(writing({"/etc/a.log", "/usr/a.log"}), {}, {"yes", {}}), (Closed{"/usr"}));
}

TEST_F(PreflightTest, ALinkLeadsOutsideAndAVariableIsCutOff) {
    sysd::Sandbox strict{"strict", {root_ + "/var"}};
    std::filesystem::create_directories(root_ + "/var");
    std::filesystem::create_directories(root_ + "/data");
    std::filesystem::create_symlink(root_ + "/data", root_ + "/var/log");
    EXPECT_EQ(closed_directories(writing({root_ + "/var/a.log", root_ + "/var/log/x/a.log"}), {}, strict), (Closed{root_ + "/data/x"}));
    auto logs = survey_of("http { access_log /data-x/$host/a.log; access_log syslog:server=unix:/x; access_log $x; }");
    EXPECT_EQ(closed_directories(writing({}), logs, strict), (Closed{"/data-x"}));
}

TEST_F(PreflightTest, TheDropInKeepsWhatWasOpenedBefore) {
    auto text = writes_drop_in("", {"/data/my logs"});
    EXPECT_NE(text.find("[Service]\nReadWritePaths=\"-/data/my logs\"\n"), std::string::npos) << text;
    text = writes_drop_in(text, {"/c/100%"});
    EXPECT_NE(text.find("ReadWritePaths=\"-/c/100%%\"\nReadWritePaths=\"-/data/my logs\"\n"), std::string::npos) << text;
    EXPECT_EQ(writes_drop_in(text, {"/data/my logs"}), text);
}

TEST_F(PreflightTest, WhatAsksForNginx) {
    put("/etc/letsencrypt/renewal/a.conf", "[renewalparams]\nauthenticator = nginx\ninstaller = nginx\n");
    put("/etc/letsencrypt/renewal/b.conf", "authenticator = webroot\nwebroot_path = /var/www/nginx\nrenew_hook = systemctl reload nginx\n");
    put("/etc/letsencrypt/renewal-hooks/deploy/x", "#!/bin/sh\n# nginx -s reload\nnginx -s reload\n");
    put("/etc/logrotate.d/nginx", "/var/log/nginx/*.log {\n postrotate\n  invoke-rc.d nginx rotate\n endscript\n}\n");
    put("/etc/logrotate.d/apt", "/var/log/apt/*.log {\n}\n");
    put("/etc/logrotate.d/bext", "kill -USR1 $(cat /run/nginx.pid)\n");
    put("/etc/cron.d/job", "0 0 * * * root systemctl start nginx\n");
    put("/etc/monit/conf.d/nginx", "check process nginx with pidfile /run/nginx.pid\n");
    std::string text;
    auto all = dependents(root_);
    for (auto& one : all) text += one.kind + " " + one.place + "\n";
    EXPECT_EQ(text, "certbot /etc/letsencrypt/renewal/a.conf:2\ncertbot /etc/letsencrypt/renewal/b.conf:3\ncertbot /etc/letsencrypt/renewal-hooks/deploy/x:3\n"
                    "logrotate /etc/logrotate.d/nginx:3\ncron /etc/cron.d/job:1\nmonit /etc/monit/conf.d/nginx:1\n");
    auto told = not_yet_text(all);
    for (auto* part : {"certificates are not renewed", "nginx.service is not active", "no process in nginx's pid file", "into the old ones", "does nothing", "found dead",
                       "next: bext nginx masquerade install"})
        EXPECT_NE(told.find(part), std::string::npos) << part << "\n" << told;
    EXPECT_TRUE(dependents(root_ + "/nothing").empty());
}

TEST_F(PreflightTest, ASilentNameserverIsNamed) {
    auto conf = put("/resolv.conf", "# x\nsearch a\nnameserver 127.0.0.1\n");
    EXPECT_TRUE(nameservers_of(survey_of("http { upstream u { server 127.0.0.1:1; } server { location / { proxy_pass http://u; } } }"), conf).empty());
    auto all = nameservers_of(survey_of("http { resolver 127.0.0.2:5353 [::1] valid=3s; server { location / { proxy_pass http://app.internal:81/x; } } }"), conf);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].address, "127.0.0.1");
    EXPECT_EQ(all[1].address, "127.0.0.2:5353");
    Fd server(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    ASSERT_EQ(bind(server.get(), reinterpret_cast<sockaddr*>(&here), size), 0);
    getsockname(server.get(), reinterpret_cast<sockaddr*>(&here), &size);
    auto address = "127.0.0.1:" + std::to_string(ntohs(here.sin_port));
    EXPECT_EQ(silent_nameservers({{address, "/etc/resolv.conf"}}), "the nameserver " + address + " (/etc/resolv.conf) does not answer");
    EXPECT_EQ(silent_nameservers({}), "");
    server = Fd();
    EXPECT_NE(silent_nameservers({{address, "f:1"}}), "") << "nobody is there";
}

TEST_F(PreflightTest, UdpIsNotAskedByTcpAndABackupIsKnown) {
    auto all = backends_of(survey_of("stream { upstream dns { server 127.0.0.1:1; } server { listen 53 udp; proxy_pass dns; } server { listen 54 udp; proxy_pass 127.0.0.1:2; }\n"
                                     "server { listen 55; proxy_pass 127.0.0.1:3; } }\nhttp { upstream app { server 127.0.0.1:4; server 127.0.0.1:5 backup; } }"));
    ASSERT_EQ(all.size(), 5u);
    EXPECT_EQ(all[0].health, Health::kUnknown) << all[0].reason;
    EXPECT_EQ(all[1].health, Health::kUnknown) << all[1].reason;
    EXPECT_EQ(all[2].health, Health::kDown);
    EXPECT_FALSE(all[3].backup);
    EXPECT_TRUE(all[4].backup);
    Subject subject;
    subject.survey = survey_of("http { upstream app { server 127.0.0.1:4; server 127.0.0.1:5 backup; } }");
    EXPECT_NE(check_upstreams(subject).mend.find("502"), std::string::npos) << "all are down";
    Fd up(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    ASSERT_EQ(bind(up.get(), reinterpret_cast<sockaddr*>(&here), size), 0);
    ASSERT_EQ(listen(up.get(), 4), 0);
    getsockname(up.get(), reinterpret_cast<sockaddr*>(&here), &size);
    subject.survey = survey_of("http { upstream app { server 127.0.0.1:" + std::to_string(ntohs(here.sin_port)) + "; server 127.0.0.1:5 backup; } }");
    auto check = check_upstreams(subject);
    EXPECT_EQ(check.mend.find("502"), std::string::npos) << check.mend;
    EXPECT_NE(check.reason.find("127.0.0.1:5, a backup,"), std::string::npos) << check.reason;
}

TEST(CommandLine, WhatRunsAndWhatTheUnitStarts) {
    EXPECT_EQ(option_in("nginx: master process /usr/sbin/nginx -c /a -g x;", "-c"), "/a");
    EXPECT_EQ(option_in("nginx: master process nginx -c/a", "-c"), "/a");
    EXPECT_EQ(option_in("nginx: master process nginx", "-c"), "");
    Subject subject;
    subject.nginx.master = getpid();
    subject.nginx.title = "nginx: master process /usr/sbin/nginx -c /srv/a.conf";
    subject.nginx.unit_conf = "/srv/a.conf";
    EXPECT_EQ(check_command_line(subject).verdict, Verdict::kPass);
    subject.nginx.unit_conf = "";
    EXPECT_EQ(check_command_line(subject).reason, "nginx was started with /srv/a.conf, and nginx.service would start it with /etc/nginx/nginx.conf");
    EXPECT_TRUE(check_command_line(subject).blocks());
    subject.nginx.unit_conf.reset();
    EXPECT_EQ(check_command_line(subject).verdict, Verdict::kPass) << "a script of the administrator's starts it";
}

}  // namespace
}  // namespace bext::takeover
