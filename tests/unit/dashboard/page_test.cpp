// The two pages: what they have in common and what they have not.
#include "dashboard/page.h"

#include <gtest/gtest.h>

namespace bext::dashboard {
namespace {

TEST(DashboardPage, NothingIsFetchedAndEveryScriptHasTheNonce) {
    for (auto page : {Page::kTakeover, Page::kRunning})
        for (auto& text : {page_text(page, "N0NCE"), entry_page(page, "N0NCE", "kkk")}) {
            for (auto* word : {"src=", "href=", "url(", "@import", " style=", "onclick=\"", "https:"}) EXPECT_EQ(text.find(word), std::string::npos) << word;
            for (auto at = text.find("<script"); at != std::string::npos; at = text.find("<script", at + 1)) EXPECT_EQ(text.substr(at, 21), "<script nonce=\"N0NCE\"");
            EXPECT_LT(text.size(), 64u * 1024);
        }
}

TEST(DashboardPage, TheRunningServersPageHasNothingToPress) {
    auto takeover = page_text(Page::kTakeover, "n"), running = page_text(Page::kRunning, "n");
    EXPECT_NE(takeover.find("<button id=\"take\""), std::string::npos);
    EXPECT_NE(takeover.find("POST"), std::string::npos);
    for (auto* word : {"<button", "POST", "/api/takeover", "<dialog"}) EXPECT_EQ(running.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace bext::dashboard
