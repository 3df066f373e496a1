#include "base/nginx_version.h"

#include <gtest/gtest.h>

namespace bext {
namespace {

std::string read(std::string_view text) {
    auto version = NginxVersion::parse(text);
    return version ? version->text() : "none";
}

TEST(NginxVersion, IsReadAsPeopleAndNginxWriteIt) {
    EXPECT_EQ(read("1.22.1"), "1.22.1");
    EXPECT_EQ(read("1.22"), "1.22");
    EXPECT_EQ(read("nginx/1.18.0 (Ubuntu)"), "1.18.0");
    EXPECT_EQ(read("nginx/1.22.1\n"), "1.22.1");
    EXPECT_EQ(read("newest"), kNewestNginx.text());
    for (auto* wrong : {"", "1", "1.", "1.x", "1.22.1.4", "openresty/1.21.4.1", "1.99999", "-1.2"}) EXPECT_EQ(read(wrong), "none") << wrong;
}

TEST(NginxVersion, ASeriesIsItsLastVersion) {
    EXPECT_LT((NginxVersion{1, 29, 7}), *NginxVersion::parse("1.29"));
    EXPECT_LT(*NginxVersion::parse("1.22"), (NginxVersion{1, 23, 0}));
    EXPECT_LT(*NginxVersion::parse("1.9"), (NginxVersion{1, 18, 0}));
}

/// The first version, of those in which anything changed, for which `rule` is not as for the one before; "never" if it is always.
template <class Rule>
std::string changes_in(Rule rule) {
    constexpr NginxVersion kChanges[] = {{1, 18, 0},  {1, 19, 9},  {1, 19, 10}, {1, 21, 3}, {1, 21, 4}, {1, 22, 1}, {1, 23, 0}, {1, 23, 3}, {1, 23, 4},
                                         {1, 25, 0},  {1, 25, 1},  {1, 27, 2},  {1, 27, 3}, {1, 29, 1}, {1, 29, 2}, {1, 29, 4}, {1, 29, 5}, {1, 29, 6},
                                         {1, 29, 7},  {1, 29, 8},  {1, 31, 0},  {1, 31, 3}, {1, 31, 4}, kNewestNginx};
    auto before = rule(kOldestNginx);
    for (auto version : kChanges)
        if (rule(version) != before) return version.text();
    return "never";
}

TEST(NginxVersion, EachRuleChangesWhereNginxsChangesSay) {
    using namespace compatible;
    EXPECT_EQ(changes_in(proxy_http_version), "1.29.7");
    EXPECT_EQ(changes_in(keeps_upstream_connections), "1.29.7");
    EXPECT_EQ(changes_in(asks_upstream_to_close), "1.29.7");
    EXPECT_EQ(changes_in(refuses_keepalive_zero), "1.29.7");
    EXPECT_EQ(changes_in(allows_tls10), "1.27.3");
    EXPECT_EQ(changes_in(allows_tls13), "1.23.4");
    EXPECT_EQ(changes_in(keepalive_requests), "1.19.10");
    EXPECT_EQ(changes_in(limits_keepalive_time), "1.19.10");
    EXPECT_EQ(changes_in(drops_proxy_connection), "1.31.0");
    EXPECT_EQ(changes_in(always_sends_host), "1.31.4");
    EXPECT_EQ(changes_in(always_sends_http_host), "1.29.5");
    EXPECT_EQ(changes_in(joins_headers), "1.23.0");
    EXPECT_EQ(changes_in(refuses_doubtful_framing), "1.23.0");
    EXPECT_EQ(changes_in(keeps_all_challenges), "1.23.0");
    EXPECT_EQ(changes_in(serves_ranges_of_packed_files), "1.23.4");
    EXPECT_EQ(changes_in(cookies_end_at_commas), "1.29.6");
    EXPECT_EQ(changes_in(takes_protocols_by_name), "1.29.2");
    EXPECT_EQ(changes_in(refuses_unknown_alpn), "1.21.4");
    EXPECT_EQ(changes_in(deprecates_listen_http2), "1.25.1");
    EXPECT_EQ(changes_in(warns_of_redefined_protocols), "1.23.4");
}

}  // namespace
}  // namespace bext
