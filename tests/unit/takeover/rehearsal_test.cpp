// A rehearsal's parsers and rules: which log lines are made again, and what counts as a difference.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "takeover/rehearsal.h"
#include "takeover/rehearsal_compare.h"
#include "takeover/rehearsal_log.h"
#include "takeover/rehearsal_plan.h"

namespace bext::takeover {
namespace {

std::string line(const std::string& request, const std::string& status = "200") {
    return "10.0.0.1 - bob [25/Nov/2026:08:00:00 +0000] \"" + request + "\" " + status + " 12 \"http://a.example/\\x22\" \"curl/8 (\\x22x\\x22)\"";
}

TEST(RehearsalLog, ReadsTheCombinedFormat) {
    auto logged = parse_log_line(line("GET /a%20b?c=d HTTP/2.0"));
    ASSERT_TRUE(logged);
    EXPECT_EQ(logged->text(), "GET /a%20b?c=d");
    EXPECT_EQ(logged->status, 200);
    EXPECT_EQ(logged->referer, "http://a.example/\"");
    EXPECT_EQ(parse_log_line(line("HEAD / HTTP/1.0", "404"))->method, "HEAD");
}

TEST(RehearsalLog, UndoesEscapes) {
    EXPECT_EQ(parse_log_line(line("GET /\\x22\\xC3\\xA4\\x5Cx HTTP/1.1"))->target, "/\"\xC3\xA4\\x");
    EXPECT_EQ(parse_log_line(line("GET /\\\"q\\\" HTTP/1.1"))->target, "/\"q\"");
    EXPECT_EQ(parse_log_line(line("GET /\\xZZ HTTP/1.1"))->target, "/\\xZZ");
}

TEST(RehearsalLog, FindsTheRequestAmongOtherQuotes) {
    auto logged = parse_log_line("\"one.example\" \"GET /x HTTP/1.1\" 301 \"-\" rest");
    ASSERT_TRUE(logged);
    EXPECT_EQ(logged->target, "/x");
    EXPECT_EQ(logged->status, 301);
    EXPECT_EQ(logged->referer, "");
    EXPECT_EQ(parse_log_line("\"GET /x HTTP/1.1\"")->status, 0);
}

TEST(RehearsalLog, LeavesOutWhatIsNotToBeMadeAgain) {
    for (auto* request : {"POST / HTTP/1.1", "DELETE /x HTTP/1.1", "GET http://a.example/ HTTP/1.1", "GET /", "\\x16\\x03\\x01", "-", "",
                          "GET /a\\x0D\\x0AHost: b HTTP/1.1", "GET /a\\x20b HTTP/1.1", "get / HTTP/1.1", "OPTIONS * HTTP/1.1"})
        EXPECT_FALSE(parse_log_line(line(request))) << request;
    for (auto* status : {"400", "408", "499"}) EXPECT_FALSE(parse_log_line(line("GET / HTTP/1.1", status))) << status;
    for (auto* broken : {"", "\"", "\"GET / HTTP/1.1", "\"GET / HTTP/1.1\\"}) EXPECT_FALSE(parse_log_line(broken)) << broken;
}

Reply reply(const std::string& fields, const std::string& body = "hello", const std::string& status = "200 OK") {
    return Reply::parse("HTTP/1.1 " + status + "\r\n" + fields + "\r\n" + body, false);
}

TEST(RehearsalCompare, DecodesChunks) {
    EXPECT_EQ(reply("Transfer-Encoding: chunked\r\n", "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n").body, "abc0123456789");
    EXPECT_EQ(reply("Transfer-Encoding: chunked\r\n", "5\r\nab").body, "ab");
    EXPECT_EQ(Reply::parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", false).status, 204);
    EXPECT_EQ(Reply::parse("HTTP/1.1 200 OK\r\nA: b\r\n\r\nx", true).body, "");
    for (auto* broken : {"", "HTTP/1.1 200 OK\r\n", "nothing\r\n\r\n"}) EXPECT_EQ(Reply::parse(broken, false).status, 0) << broken;
}

TEST(RehearsalCompare, WhatNamesServerAndMomentIsIgnored) {
    EXPECT_TRUE(differences({reply("Server: nginx\r\nDate: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n")},
                            {reply("Server: bext\r\nDate: b\r\nAge: 3\r\n", "x")})
                    .empty());
    EXPECT_TRUE(differences({reply("Set-Cookie: id=1; Path=/\r\n")}, {reply("Set-Cookie: id=2; Path=/\r\n")}).empty());
}

TEST(RehearsalCompare, FramingIsToldFromContent) {
    auto length = reply("Content-Length: 5\r\n"), chunks = reply("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
    EXPECT_EQ(differences({chunks}, {length}), std::vector<std::string>{"framing: nginx chunks or the end of the connection, bext a length"});
    EXPECT_TRUE(only_framing(differences({chunks}, {length})));
    EXPECT_TRUE(only_framing(differences({length}, {chunks})));
    EXPECT_FALSE(only_framing(differences({length}, {length})));
    EXPECT_FALSE(only_framing(differences({chunks}, {reply("Content-Length: 6\r\n", "hello!")}))) << "the body is another";
    EXPECT_FALSE(only_framing(differences({chunks}, {reply("Content-Length: 5\r\nX: y\r\n")})));
    auto head = Reply::parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true), other = Reply::parse("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", true);
    EXPECT_FALSE(only_framing(differences({head}, {other}))) << "what a HEAD tells of the body";
}

TEST(RehearsalCheck, AFramingDifferenceIsAWarning) {
    Rehearsal rehearsal;
    rehearsal.state = Rehearsal::State::kDone;
    rehearsal.requests = rehearsal.matched = rehearsal.logged = 3;
    rehearsal.framed = 1;
    rehearsal.places.push_back({"a", "/", 3, 3, {{"GET /", "framing: nginx a length, bext chunks"}}});
    auto check = check_of(rehearsal);
    EXPECT_EQ(check.verdict, Verdict::kWarn);
    EXPECT_NE(check.looked_at.find("100 % the same"), std::string::npos) << check.looked_at;
    EXPECT_NE(check.reason.find("GET /: framing"), std::string::npos) << check.reason;
}

TEST(RehearsalCheck, WhatIsAcceptedBlocksNoMore) {
    Rehearsal rehearsal;
    rehearsal.state = Rehearsal::State::kDone;
    rehearsal.requests = rehearsal.logged = 12;
    rehearsal.matched = 7;
    rehearsal.places.push_back({"a", "/", 6, 3, {{"GET /x", "status: nginx 200, bext 404", false, 3}}});
    rehearsal.places.push_back({"a", "/y", 6, 4, {{"GET /y", "status: nginx 200, bext 404", false, 2}}});
    EXPECT_EQ(check_of(rehearsal).reason, "5 of 12 requests differ: a /: GET /x: status: nginx 200, bext 404; a /y: GET /y: status: nginx 200, bext 404");
    EXPECT_TRUE(check_of(rehearsal).blocks());
    Acceptance one{"a", "/", "status: nginx 200, bext 404", "it moves away", 1};
    mark_accepted(rehearsal, {one});
    EXPECT_EQ(rehearsal.accepted, 3u);
    EXPECT_EQ(check_of(rehearsal).reason, "5 of 12 requests differ: a /y: GET /y: status: nginx 200, bext 404") << "only what is left";
    EXPECT_TRUE(check_of(rehearsal).blocks());
    auto other = one;
    other.location = "/y";
    mark_accepted(rehearsal, {one, other});
    EXPECT_FALSE(check_of(rehearsal).blocks());
    EXPECT_EQ(check_of(rehearsal).verdict, Verdict::kWarn);
    EXPECT_NE(check_of(rehearsal).reason.find("GET /x: status: nginx 200, bext 404: it moves away"), std::string::npos) << check_of(rehearsal).reason;
    other.what = "status: nginx 200, bext 500";
    mark_accepted(rehearsal, {one, other});
    EXPECT_TRUE(check_of(rehearsal).blocks()) << "another difference at the same place is another decision";
}

TEST(RehearsalAccepted, StaysOnTheDiskWithItsReason) {
    auto directory = testing::TempDir() + "/accepted." + std::to_string(getpid());
    std::filesystem::create_directory(directory);
    auto path = directory + "/accepted";
    auto one = acceptance_of("a\n= /x\nbody: a\tb\n  why\tnot ");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->reason, "why not");
    ASSERT_TRUE(accept(path, *one));
    one->reason = "a better one";
    ASSERT_TRUE(accept(path, *one));
    auto all = read_accepted(path);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].location, "= /x");
    EXPECT_EQ(all[0].what, "body: a b");
    EXPECT_EQ(all[0].reason, "a better one");
    for (auto* body : {"", "a\nb\nc", "a\nb\nc\n ", "a\nb\nc\n\t\nd"}) EXPECT_FALSE(acceptance_of(body)) << body;
    EXPECT_FALSE(acceptance_of("a\nb\nc\n" + std::string(501, 'x')));
    std::ofstream many(path);
    for (int i = 0; i < 200; ++i) many << "1\ts" << i << "\t/\tx\ty\n";
    many.close();
    EXPECT_FALSE(accept(path, all[0])) << "bounded";
    EXPECT_TRUE(accept(path, {"s7", "/", "x", "another reason", 1}));
    EXPECT_EQ(read_accepted(path).size(), 200u);
    std::filesystem::remove_all(directory);
}

TEST(RehearsalCompare, EverythingElseIsADifference) {
    auto base = reply("ETag: \"1\"\r\nVary: A\r\n");
    EXPECT_EQ(differences({base}, {reply("ETag: \"1\"\r\nVary: A\r\n", "hello", "404 No")}), std::vector<std::string>{"status: nginx 200, bext 404"});
    EXPECT_EQ(differences({base}, {reply("ETag: \"2\"\r\nVary: A\r\n")}), std::vector<std::string>{"header etag: nginx \"1\", bext \"2\""});
    EXPECT_EQ(differences({base}, {reply("ETag: \"1\"\r\n")}), std::vector<std::string>{"header vary: nginx A, bext has none"});
    EXPECT_EQ(differences({base}, {reply("ETag: \"1\"\r\nVary: A\r\nX: \xff\r\n")}), std::vector<std::string>{"header x: nginx has none, bext ?"});
    EXPECT_EQ(differences({base}, {reply("ETag: \"1\"\r\nVary: A\r\n", "hellO")}).size(), 1u);
    EXPECT_EQ(differences({reply("Set-Cookie: a=1\r\n")}, {reply("Set-Cookie: b=1\r\n")}).size(), 1u);
    EXPECT_EQ(differences({base}, {Reply()}).front(), "status: nginx 200, bext none");
}

TEST(RehearsalCompare, WhatNginxVariesItselfIsOnlyLookedFor) {
    std::vector<Reply> nginx{reply("X-Request-Id: 1\r\n", "one"), reply("X-Request-Id: 2\r\n", "two")};
    EXPECT_TRUE(differences(nginx, {reply("X-Request-Id: 3\r\n", "three")}).empty());
    EXPECT_EQ(differences(nginx, {reply("", "three")}).size(), 1u);
    EXPECT_TRUE(differences({reply("X: 1\r\n"), reply("")}, {reply("X: 3\r\n")}).empty());
    EXPECT_EQ(differences(nginx, {reply("X-Request-Id: 3\r\n", "three", "500 Bad")}).size(), 1u);
}

TEST(RehearsalCompare, OneAnswerOfBextThatAgreesIsEnough) {
    EXPECT_TRUE(differences({reply("")}, {reply("", "other"), reply("")}).empty());
    EXPECT_EQ(differences({reply("")}, {reply("", "other"), reply("", "other")}).size(), 1u);
}

TEST(RehearsalCompare, OnlyAllIsAHundredPercent) {
    EXPECT_EQ(percent_text(200, 200), "100");
    EXPECT_EQ(percent_text(199, 200), "99.5");
    EXPECT_EQ(percent_text(9999, 10000), "99.9");
    EXPECT_EQ(percent_text(0, 3), "0");
    EXPECT_EQ(percent_text(0, 0), "100");
}

Found access_log(const std::string& path, std::vector<std::string> inside, int server) { return {{"access_log", path}, "f:1", std::move(inside), server}; }

TEST(RehearsalPlan, FindsTheLogsOfAServer) {
    using Files = std::set<std::string>;
    Survey survey;
    EXPECT_EQ(log_files_of(survey, 0, "/std"), Files{"/std"});
    survey.directives.push_back(access_log("/http", {"http"}, -1));
    survey.directives.push_back(access_log("/one", {"http", "server"}, 1));
    survey.directives.push_back(access_log("/deep", {"http", "server", "location"}, 2));
    survey.directives.push_back(access_log("off", {"http", "server"}, 3));
    survey.directives.push_back(access_log("/$host", {"http", "server"}, 4));
    EXPECT_EQ(log_files_of(survey, 0, "/std"), Files{"/http"});
    EXPECT_EQ(log_files_of(survey, 1, "/std"), Files{"/one"});
    EXPECT_EQ(log_files_of(survey, 2, "/std"), (Files{"/deep", "/http"}));
    EXPECT_EQ(log_files_of(survey, 3, "/std"), Files{});
    EXPECT_EQ(log_files_of(survey, 4, "/std"), Files{});
}

TEST(RehearsalPlan, KnowsTheStatusesOfLimits) {
    Survey survey;
    EXPECT_TRUE(limit_statuses(survey).empty());
    survey.directives.push_back({{"limit_req", "zone=a"}, "f:1", {"http"}, -1});
    survey.directives.push_back({{"limit_req_status", "429"}, "f:2", {"http"}, -1});
    EXPECT_EQ(limit_statuses(survey), (std::set<int>{429, 503}));
}

TEST(RehearsalReport, ADifferenceIsCriticalAndWhatIsNotDoneWarns) {
    Rehearsal rehearsal;
    rehearsal.reason = "--rehearsal 0";
    EXPECT_EQ(check_of(rehearsal).verdict, Verdict::kWarn);
    rehearsal = {Rehearsal::State::kDone, "", 2, 2, 1, {{"a", "/x", 2, 2, {}}}};
    EXPECT_EQ(check_of(rehearsal).verdict, Verdict::kPass);
    EXPECT_EQ(check_of(rehearsal).looked_at, "2 requests in 1 place, 100 % the same");
    rehearsal.logged = 0;
    EXPECT_EQ(check_of(rehearsal).verdict, Verdict::kWarn);
    rehearsal = {Rehearsal::State::kDone, "", 2, 1, 1, {{"a", "/x", 2, 1, {{"GET /x", "status: nginx 200, bext 404"}}}}};
    EXPECT_TRUE(check_of(rehearsal).blocks());
    EXPECT_NE(check_of(rehearsal).reason.find("a /x: GET /x: status: nginx 200, bext 404"), std::string::npos);
    EXPECT_EQ(json_of(rehearsal),
              "{\"state\":\"done\",\"reason\":\"\",\"requests\":2,\"matched\":1,\"percent\":50,\"framed\":0,\"accepted\":0,\"locations\":[{\"server\":\"a\",\"location\":\"/x\",\"requests\":2,"
              "\"matched\":1,\"percent\":50,\"differences\":[{\"request\":\"GET /x\",\"what\":\"status: nginx 200, bext 404\",\"requests\":1,\"framed\":false,\"accepted\":\"\"}]}]}\n");
}

}  // namespace
}  // namespace bext::takeover
