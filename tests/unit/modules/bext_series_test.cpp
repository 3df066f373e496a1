// What is counted under which name.
#include <gtest/gtest.h>

#include <map>

#include "base/figures.h"
#include "support/wire_site.h"

namespace bext {
namespace {

using Counts = std::map<std::string, SeriesTotals>;

constexpr const char* kLeaves = "leaves";  // a peer that closes without an answer

constexpr std::string_view kSite =
    "events { worker_connections 64; } error_log /dev/null crit; http { access_log off; proxy_connect_timeout 1s; "
    "upstream series_u { server unix:PEER; server unix:/nowhere/s backup; } "
    "server { listen 80; server_name series.test other.series.test; "
    "location / { return 200 root; } location = /exact { return 404; } location ^~ /first/ { return 200 first; } "
    "location ~ \\.rx$ { return 503; } location ~* \\.any$ { return 200 any; } location @named { return 200 named; } "
    "location /if { if ($arg_yes) { return 201; } return 202; } "
    "location /outer/ { return 200 outer; location /outer/inner/ { return 200 inner; } } "
    "location /error { error_page 403 = @named; return 403; } "
    "location /only { limit_except GET { deny all; } empty_gif; } "
    "location /up { proxy_pass http://series_u; } } "
    "server { listen 80; server_name second.series.test; return 301 http://series.test/; } }";

class BextSeries : public testing::Test {
protected:
    /// One answer on a connection of its own; `upstream` is what the peer says, "" when it is not asked.
    std::string ask(const std::string& request, const std::string& upstream = "") {
        auto client = site_.connect();
        tests::write_some(client.get(), request);
        std::string answer, asked;
        Fd peer;
        for (int i = 0; i < 2000; ++i) {
            site_.turn();
            if (!peer && !upstream.empty()) peer = peer_.accept();
            if (peer && asked.find("\r\n\r\n") == asked.npos) {
                tests::read_all(peer.get(), asked);
                if (asked.find("\r\n\r\n") != asked.npos) {
                    if (upstream != kLeaves) tests::write_some(peer.get(), upstream);
                    ::shutdown(peer.get(), SHUT_WR);
                }
            }
            if (!tests::read_all(client.get(), answer)) break;
        }
        return answer;
    }
    std::string get(const std::string& path, const std::string& upstream = "", const std::string& host = "series.test") {
        return ask("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n", upstream);
    }
    /// What has been counted since the last look, by "kind|name|part", of this test's names.
    Counts news() {
        Counts all, fresh;
        figure_page().series()->each([&](SeriesKind kind, std::string_view name, std::string_view part, const SeriesTotals& totals) {
            if (name.find("series") == name.npos) return;
            auto key = std::string(kind == SeriesKind::kServer ? "server" : kind == SeriesKind::kLocation ? "location" : "peer") + "|" +
                       std::string(name) + "|" + (part.find(peer_.path()) == part.npos ? std::string(part) : std::string("PEER"));
            all[key] = totals;
        });
        for (auto& [key, totals] : all)
            if (totals.count() != before_[key].count()) fresh[key] = totals;
        before_ = all;
        return fresh;
    }
    /// The names of what has been counted, and nothing else was.
    std::string names() {
        std::string text;
        for (auto& [key, totals] : news()) text += (text.empty() ? "" : " ") + key;
        return text;
    }

    static std::string with_peer(std::string text, const std::string& path) { return text.replace(text.find("PEER"), 4, path); }

    tests::UnixPeer peer_;
    tests::WireSite site_{with_peer(std::string(kSite), peer_.path())};
    Counts before_;
};

TEST_F(BextSeries, ARequestBelongsToTheLocationThatAnswers) {
    news();
    for (auto& [path, location] : std::map<std::string, std::string>{
             {"/", "/"}, {"/exact", "= /exact"}, {"/first/x.rx", "^~ /first/"}, {"/x.rx", "~ \\.rx$"}, {"/x.ANY", "~* \\.any$"}, {"/if", "/if"}, {"/if?yes=1", "/if"},
             {"/outer/x", "/outer/"}, {"/outer/inner/x", "/outer/inner/"}, {"/error", "@named"}, {"/only", "/only"}}) {
        get(path);
        EXPECT_EQ(names(), "location|series.test|" + location + " server|series.test|") << path;
    }
    ask("POST /only HTTP/1.1\r\nHost: series.test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(names(), "location|series.test|/only server|series.test|");
}

TEST_F(BextSeries, AServerIsItsFirstName) {
    news();
    get("/", "", "other.series.test");
    EXPECT_EQ(names(), "location|series.test|/ server|series.test|");
    get("/", "", "second.series.test");
    EXPECT_EQ(names(), "server|second.series.test|") << "what no location answers is the server's";
}

TEST_F(BextSeries, StatusesAndBytesAreThoseOfTheAccessLog) {
    auto before = news()["location|series.test|= /exact"];
    std::string request = "GET /exact HTTP/1.1\r\nHost: series.test\r\nConnection: close\r\n\r\n";
    auto answer = ask(request);
    auto after = news()["location|series.test|= /exact"];
    EXPECT_EQ(after.statuses[3] - before.statuses[3], 1u);
    EXPECT_EQ(after.count() - before.count(), 1u);
    EXPECT_EQ(after.received - before.received, request.size());
    EXPECT_EQ(after.sent - before.sent, answer.size());
    EXPECT_EQ(after.failures, 0u);
}

TEST_F(BextSeries, ATryIsThePeers) {
    news();
    std::string said = "HTTP/1.1 418 Teapot\r\nContent-Length: 2\r\n\r\nhi";
    EXPECT_NE(get("/up", said).find(" 418 "), std::string::npos);
    auto found = news();
    auto& peer = found["peer|series_u|PEER"];
    EXPECT_EQ(peer.statuses[3], 1u);
    EXPECT_EQ(peer.failures, 0u);
    EXPECT_EQ(peer.sent, said.size());
    EXPECT_GT(peer.received, 20u);
    EXPECT_EQ(found.count("peer|series_u|unix:/nowhere/s"), 0u);
}

TEST_F(BextSeries, EveryTryThatFailsIsCounted) {
    news();
    EXPECT_NE(get("/up", kLeaves).find(" 502 "), std::string::npos);
    auto found = news();
    EXPECT_EQ(found["peer|series_u|PEER"].failures, 1u);
    EXPECT_EQ(found["peer|series_u|PEER"].statuses[4], 1u);
    EXPECT_EQ(found["peer|series_u|unix:/nowhere/s"].failures, 1u);
}

}  // namespace
}  // namespace bext
