// Page: the dashboard's one document without any other file, for a phone and a desk, light and dark; its parts are texts in files of
// their own. What the pages have in common they have once.
#pragma once

#include <string>

namespace bext::dashboard {

enum class Page { kTakeover, kRunning };

/// The page; `nonce` lets its own script run. It holds no secret: its script finds the key where entry_page() has put it.
std::string page_text(Page page, const std::string& nonce);

/// What the URL with the token leads to: it keeps the key for the page and goes on to that, so that the token leaves the address bar.
std::string entry_page(Page page, const std::string& nonce, const std::string& key);

// The parts.
extern const char* const kStyle;
extern const char* const kScript;          // helpers, the connection, and what both pages show
extern const char* const kChartScript;
extern const char* const kNumberScript;    // what the server has counted
extern const char* const kTakeoverScript;  // phase, checks, rehearsal, buttons
extern const char* const kRunningScript;

}  // namespace bext::dashboard
