// The numbers of a takeover's page: every access log of the configuration counts, from where it ended on.
#include "takeover/access_logs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bext::takeover {
namespace {

class AccessLogsTest : public testing::Test {
protected:
    AccessLogsTest() : room_(std::filesystem::temp_directory_path() / ("bext-logs-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(room_);
    }
    ~AccessLogsTest() override { std::filesystem::remove_all(room_); }

    std::string path(const std::string& name) const { return room_ / name; }
    void add(const std::string& name, const std::string& text) const { std::ofstream(path(name), std::ios::app) << text; }
    static std::string line(const std::string& status, const std::string& agent = "curl/8") {
        return "10.0.0.1 - - [25/Nov/2026:08:00:00 +0000] \"GET / HTTP/1.1\" " + status + " 12 \"-\" \"" + agent + "\"\n";
    }
    std::set<std::string> logs_of(const std::string& configuration) const {
        std::ofstream(path("nginx.conf")) << configuration;
        loader::Source source;
        source.conf_file = path("nginx.conf");
        return access_logs_of(survey(source));
    }
    static std::pair<std::size_t, std::size_t> numbers(AccessLogs& logs) {
        auto count = logs.added();
        return {count.requests, count.errors};
    }

    std::filesystem::path room_;
};

using Numbers = std::pair<std::size_t, std::size_t>;

TEST_F(AccessLogsTest, EveryServerAndLocationMayHaveItsOwn) {
    auto logs = logs_of("http {\n access_log /l/common;\n server { listen 80; }\n"
                        " server { listen 81; access_log /l/one; location /x { access_log /l/x; } }\n"
                        " server { listen 82; access_log off; }\n server { listen 83; access_log logs/relative; }\n"
                        " server { listen 84; access_log /l/$host.log; access_log syslog:server=10.0.0.9; location /y { access_log /l/y; } } }\n");
    EXPECT_EQ(logs, (std::set<std::string>{"/l/common", "/l/one", "/l/x", "/usr/share/nginx/logs/relative", "/l/y"}));
}

TEST_F(AccessLogsTest, WhoSaysNothingWritesTheStandardOne) {
    EXPECT_EQ(logs_of("http { server { listen 80; } server { listen 81; access_log /l/own; } }"), (std::set<std::string>{"/var/log/nginx/access.log", "/l/own"}));
    EXPECT_EQ(logs_of("http { access_log off; server { listen 80; } }"), std::set<std::string>{});
}

/// Their requests would count twice.
TEST_F(AccessLogsTest, OfSeveralLogsOfTheSameRequestsOneIsEnough) {
    auto http = [](const std::string& text) {
        return "http { log_format json escape=json '{\"r\": \"$request\"}'; log_format timed '$host \"$request\" $status' ' $request_time';\n" + text + "\n}\n";
    };
    auto one = std::set<std::string>{"/l/one"};
    EXPECT_EQ(logs_of(http("server { access_log /l/one; access_log /l/two combined buffer=4k; }")), one);
    EXPECT_EQ(logs_of(http("server { access_log /l/two json; access_log /l/one timed; }")), one) << "the lines of the other tell no status";
    EXPECT_EQ(logs_of(http("server { access_log /l/two combined if=$bad; access_log /l/one; }")), one) << "the other has some of them only";
    EXPECT_EQ(logs_of(http("access_log /l/one; server { listen 81; } server { listen 82; access_log /l/two; access_log /l/one; }")), one);
    EXPECT_EQ(logs_of(http("server { access_log /l/one; access_log /var/log/nginx/access.log; }")), one);
    EXPECT_EQ(logs_of(http("server { location /a { access_log /l/one; } location /b { access_log /l/two; } }")),
              (std::set<std::string>{"/l/one", "/l/two", "/var/log/nginx/access.log"})) << "two blocks";
}

TEST_F(AccessLogsTest, WhatIsAddedToAnyOfThemCountsOnce) {
    add("one", line("500") + line("200"));
    AccessLogs logs({path("one"), path("two"), path("three")});
    EXPECT_EQ(numbers(logs), Numbers(0, 0)) << "what was there before is not of this second";
    add("one", line("200"));
    add("two", line("502") + line("404"));
    add("three", line("503") + line("301") + line("200"));
    EXPECT_EQ(numbers(logs), Numbers(6, 2));
    EXPECT_EQ(numbers(logs), Numbers(0, 0));
    add("three", line("500"));
    EXPECT_EQ(numbers(logs), Numbers(1, 1));
}

TEST_F(AccessLogsTest, WhatATakeoverItselfHasAskedIsNoClients) {
    AccessLogs logs({path("one")});
    add("one", line("500", "bext-takeover/1") + "no line of a log that tells the status\n" + line("200"));
    EXPECT_EQ(numbers(logs), Numbers(1, 0));
}

TEST_F(AccessLogsTest, ALineThatIsBeingWrittenCountsWhenItIsWhole) {
    AccessLogs logs({path("one")});
    auto whole = line("500");
    add("one", line("200") + whole.substr(0, whole.size() - 5));
    EXPECT_EQ(numbers(logs), Numbers(1, 0));
    add("one", whole.substr(whole.size() - 5));
    EXPECT_EQ(numbers(logs), Numbers(1, 1));
}

TEST_F(AccessLogsTest, ARotatedLogIsReadFromItsBeginning) {
    add("one", line("200") + line("200") + line("200"));
    AccessLogs logs({path("one")});
    std::filesystem::rename(path("one"), path("one.1"));
    add("one", line("502"));
    EXPECT_EQ(numbers(logs), Numbers(1, 1));
}

}  // namespace
}  // namespace bext::takeover
