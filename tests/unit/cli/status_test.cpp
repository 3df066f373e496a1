#include "cli/status.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

namespace bext::cli {
namespace {

TEST(StatusTest, PathsNameWhatBelongsTogether) {
    auto facts = flattened("{\"a\":{\"b\":1,\"c\":[2,3],\"d\":[]},\"e\":\"x \\\"y\\\" \\u000az\",\"f\":true,\"g\":null}\n");
    EXPECT_EQ(facts["a.b"], "1");
    EXPECT_EQ(facts["a.c"], "2,3");
    EXPECT_EQ(facts["a.d"], "");
    EXPECT_EQ(facts["e"], "x \"y\" \nz");
    EXPECT_EQ(facts["f"], "true");
    EXPECT_EQ(facts["g"], "null");
    for (auto* cut : {"", "{", "{\"a", "{\"a\":", "{\"a\":[", "{\"a\":{\"b\":1", "[[", "}"}) (void)flattened(cut);
}

class StatusForPeopleTest : public testing::Test {
protected:
    void SetUp() override {
        setenv("TZ", "UTC", 1);
        tzset();
    }
};

TEST_F(StatusForPeopleTest, NothingHasHappened) {
    EXPECT_EQ(status_for_people("{\"version\":\"0.1.0\",\"as_nginx\":false,\"configuration\":\"/etc/nginx/nginx.conf\",\"configuration_since\":1000,\"began\":940,"
                                "\"reload\":{\"outcome\":\"none\",\"at\":0,\"error\":\"\"},\"upgrade\":{\"outcome\":\"none\",\"at\":0,\"error\":\"\",\"from\":\"\",\"to\":\"\"},"
                                "\"pid\":7,\"generation\":1,\"worker_pid\":8,\"draining_pids\":[],\"upgrading\":false,\"figures\":{\"accepted\":3,\"requests\":2,\"responses_2xx\":2,\"active\":1,\"waiting\":1}}\n",
                                1005),
              "version         bext 0.1.0\n"
              "configuration   /etc/nginx/nginx.conf, generation 1, since 1970-01-01 00:16:40 (5 s)\n"
              "processes       7, worker 8\n"
              "serves          since 1970-01-01 00:15:40 (1 min)\n"
              "connections     1 open: 0 sending a request, 0 being answered, 1 idle; 3 ever\n"
              "requests        2: 2 2xx\n"
              "lost            nothing, ever\n"
              "last reload     none\n"
              "last upgrade    none\n");
}

TEST_F(StatusForPeopleTest, WhatWasLostAndWhatFailed) {
    auto text = status_for_people("{\"version\":\"0.1.1\",\"as_nginx\":true,\"compatible\":\"1.22.1\",\"configuration\":\"/a\",\"began\":1000,"
                                  "\"reload\":{\"outcome\":\"failed\",\"at\":90000,\"error\":\"bind() to 0.0.0.0:80 failed\"},"
                                  "\"upgrade\":{\"outcome\":\"ok\",\"at\":90010,\"error\":\"\",\"from\":\"0.1.0\",\"to\":\"0.1.1\"},\"pid\":7,\"generation\":4,\"worker_pid\":0,\"draining_pids\":[9,10],"
                                  "\"figures\":{\"lost\":1,\"cut\":2,\"reloads\":3,\"reloads_failed\":1,\"upgrades\":1}}",
                                  190000);
    for (auto* line : {"version         bext 0.1.1, in nginx's name\n", "compatible with nginx 1.22.1\n", "processes       7, worker none, finishing 9,10\n",
                       "serves          since 1970-01-01 00:16:40 (2 days 4 h)\n",
                       "lost            1 request in a worker that died; 2 requests ended before the answer was whole, by a deadline or a stop\n",
                       "last reload     failed 1970-01-02 01:00:00 (1 day 3 h); 4 ever, 1 failed\n                bind() to 0.0.0.0:80 failed\n",
                       "last upgrade    succeeded 1970-01-02 01:00:10 (1 day 3 h), 0.1.0 -> 0.1.1; 1 ever, 0 failed\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST_F(StatusForPeopleTest, AServerOfBeforeSaysLess) {
    auto text = status_for_people("{\"pid\":7,\"uptime_ms\":5000,\"generation\":1,\"worker_pid\":8,\"draining_pids\":[],\"last_reload\":\"ok\",\"figures\":{\"reloads\":1}}", 1005);
    EXPECT_NE(text.find("serves          since 1970-01-01 00:16:40 (5 s)\n"), std::string::npos) << text;
    EXPECT_NE(text.find("last reload     succeeded; 1 ever, 0 failed\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace bext::cli
