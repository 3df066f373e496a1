#include "base/series.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/figures.h"
#include "base/series_text.h"

namespace bext {
namespace {

class Series : public testing::Test {
protected:
    void SetUp() override {
        auto made = FigurePage::create();
        ASSERT_TRUE(made);
        page = *std::move(made);
    }
    SeriesTable& table() { return *page.series(); }
    std::map<std::string, SeriesTotals> all() {
        std::map<std::string, SeriesTotals> found;
        table().each([&](SeriesKind kind, std::string_view name, std::string_view part, const SeriesTotals& totals) {
            auto key = std::to_string(static_cast<int>(kind)) + "|" + std::string(name) + "|" + std::string(part);
            EXPECT_TRUE(found.emplace(key, totals).second) << key;
        });
        return found;
    }
    FigurePage page;
};

TEST_F(Series, OneNameIsOneRow) {
    auto a = table().row_of(SeriesKind::kServer, "a.test", "");
    EXPECT_EQ(table().row_of(SeriesKind::kServer, "a.test", ""), a);
    EXPECT_NE(table().row_of(SeriesKind::kLocation, "a.test", ""), a);
    EXPECT_NE(table().row_of(SeriesKind::kLocation, "a.te", "st"), table().row_of(SeriesKind::kLocation, "a.t", "est"));
}

TEST_F(Series, CountsWhatItIsGiven) {
    auto row = table().row_of(SeriesKind::kPeer, "app", "127.0.0.1:80");
    table().count(0, row, {200, false, 1, 10, 100});
    table().count(5, row, {502, true, 2, 10, 0});
    table().count(63, row, {0, false, 30001, 1, 1});
    table().count(1000, row, {404, false, 30000, 1, 1});
    auto found = all();
    ASSERT_EQ(found.size(), 1u);
    auto& totals = found.at("2|app|127.0.0.1:80");
    EXPECT_EQ(totals.statuses[1], 1u);
    EXPECT_EQ(totals.statuses[3], 1u);
    EXPECT_EQ(totals.statuses[4], 1u);
    EXPECT_EQ(totals.failures, 1u);
    EXPECT_EQ(totals.received, 22u);
    EXPECT_EQ(totals.sent, 102u);
    EXPECT_EQ(totals.milliseconds, 60004u);
    EXPECT_EQ(totals.durations[0], 1u);                        // a bound belongs to its class
    EXPECT_EQ(totals.durations[1], 1u);
    EXPECT_EQ(totals.durations[kSeriesBounds.size() - 1], 1u);
    EXPECT_EQ(totals.durations[kSeriesBounds.size()], 1u);
    EXPECT_EQ(totals.count(), 4u);
}

TEST_F(Series, NamesAreBounded) {
    for (int i = 0; i < 1000; ++i) table().count(0, table().row_of(SeriesKind::kServer, "s" + std::to_string(i), ""), {200, false, 0, 0, 0});
    auto found = all();
    EXPECT_EQ(found.size(), std::size_t{SeriesTable::kRows} - 3 + 1);
    EXPECT_EQ(found.at("0||").count(), 1000u - (SeriesTable::kRows - 3));
    EXPECT_EQ(table().row_of(SeriesKind::kLocation, "s", "/"), SeriesTable::other(SeriesKind::kLocation));
    EXPECT_LT(table().row_of(SeriesKind::kServer, "s1", ""), SeriesTable::kRows) << "those that are there are found";
    EXPECT_NE(table().row_of(SeriesKind::kServer, "s1", ""), SeriesTable::other(SeriesKind::kServer));
}

TEST_F(Series, ANameThatIsTooLongIsNotCutShort) {
    std::string longest(SeriesTable::kNames, 'x');
    EXPECT_NE(table().row_of(SeriesKind::kServer, longest, ""), SeriesTable::other(SeriesKind::kServer));
    EXPECT_EQ(table().row_of(SeriesKind::kServer, longest + "x", ""), SeriesTable::other(SeriesKind::kServer));
}

TEST_F(Series, ThreadsWithoutSumsOfTheirOwnLoseNothing) {
    auto row = table().row_of(SeriesKind::kServer, "a", "");
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 20000; ++n) table().count(500, row, {200, false, 0, 0, 0});
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(all().at("0|a|").count(), 80000u);
}

TEST_F(Series, ProcessesShareIt) {
    auto row = table().row_of(SeriesKind::kServer, "a", "");
    pid_t child = fork();
    if (child == 0) {
        table().count(1, table().row_of(SeriesKind::kServer, "a", ""), {200, false, 0, 0, 7});
        _exit(0);
    }
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    table().count(0, row, {200, false, 0, 0, 1});
    EXPECT_EQ(all().at("0|a|").sent, 8u);
}

TEST_F(Series, APageOfAVersionWithoutThemGrows) {
    page.claim().add(Tally::kRequests, 3);
    auto oldest = static_cast<off_t>(512 + 1024 * sizeof(Figures));  // what the versions before have
    int fd = memfd_create("old", 0);
    ASSERT_EQ(ftruncate(fd, oldest), 0);
    std::vector<char> bytes(static_cast<std::size_t>(oldest));
    ASSERT_EQ(pread(page.fd(), bytes.data(), bytes.size(), 0), oldest);
    ASSERT_EQ(pwrite(fd, bytes.data(), bytes.size(), 0), oldest);
    auto grown = FigurePage::open(Fd(fd));
    ASSERT_TRUE(grown) << grown.error().text;
    EXPECT_EQ(grown->total(Tally::kRequests), 3u);
    grown->series()->count(0, grown->series()->row_of(SeriesKind::kServer, "a", ""), {200, false, 0, 0, 0});
    std::string text;
    put_series_metrics(text, *grown->series());
    EXPECT_NE(text.find("bext_server_requests_total{server=\"a\",code=\"2xx\"} 1\n"), text.npos) << text;
}

TEST_F(Series, TextOfPrometheus) {
    auto row = table().row_of(SeriesKind::kLocation, "a.test", "~ \\.(php|\"x\")$");
    table().count(0, row, {200, false, 3, 5, 1234});
    table().count(0, row, {503, false, 1500, 5, 1});
    table().count(0, SeriesTable::other(SeriesKind::kServer), {200, false, 0, 0, 0});
    std::string text;
    put_series_metrics(text, table());
    const std::string labels = "server=\"a.test\",location=\"~ \\\\.(php|\\\"x\\\")$\"";
    const std::vector<std::string> lines{"# TYPE bext_location_requests_total counter", "# TYPE bext_location_request_duration_seconds histogram",
          ("bext_location_requests_total{" + labels + ",code=\"5xx\"} 1"), ("bext_location_sent_bytes_total{" + labels + "} 1235"),
          ("bext_location_request_duration_seconds_bucket{" + labels + ",le=\"0.001\"} 0"),
          ("bext_location_request_duration_seconds_bucket{" + labels + ",le=\"0.005\"} 1"),
          ("bext_location_request_duration_seconds_bucket{" + labels + ",le=\"2.5\"} 2"),
          ("bext_location_request_duration_seconds_bucket{" + labels + ",le=\"+Inf\"} 2"),
          ("bext_location_request_duration_seconds_sum{" + labels + "} 1.503"),
          ("bext_location_request_duration_seconds_count{" + labels + "} 2"), "bext_server_requests_total{server=\"(other)\",code=\"2xx\"} 1"};
    for (auto& line : lines)
        EXPECT_NE(text.find(line + "\n"), text.npos) << line << "\n" << text;
}

TEST_F(Series, LabelsAreUtf8) {
    for (auto& [name, label] : std::map<std::string, std::string>{
             {"h\xc3\xa9.test", "h\xc3\xa9.test"}, {"caf\xe9.test", "caf\\\\xe9.test"}, {"\xe2\x82\xac", "\xe2\x82\xac"}, {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
             {"\xc0\xaf", "\\\\xc0\\\\xaf"}, {"\xed\xa0\x80", "\\\\xed\\\\xa0\\\\x80"}, {"\xe2\x82", "\\\\xe2\\\\x82"}, {"\xf4\x90\x80\x80", "\\\\xf4\\\\x90\\\\x80\\\\x80"},
             {"a\nb", "a\\nb"}}) {
        table().count(0, table().row_of(SeriesKind::kServer, name, ""), {200, false, 0, 0, 1});
        std::string text;
        put_series_metrics(text, table());
        EXPECT_NE(text.find("bext_server_sent_bytes_total{server=\"" + label + "\"} 1\n"), text.npos) << label << "\n" << text;
    }
}

}  // namespace
}  // namespace bext
