// Dashboard: a page on a loopback port that shows a takeover and drives it; docs/takeover-api.yaml describes its API.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace bext::takeover {

/// What the page shows, as JSON, which must be quick, and what it does, in a thread of its own.
struct Actions {
    std::function<std::string()> status, checks, rehearsal, config;
    std::function<Result<>()> check, take_over, roll_back;
    std::function<void()> interrupt;  // asks the one that is under way to go back
};

/// Serves on 127.0.0.1 until SIGINT, SIGTERM or SIGHUP; what is under way then goes back, or ends, first. `opened` gets the URL
/// with the token.
Result<> serve_dashboard(int port, const Actions& actions, const std::function<void(const std::string& url)>& opened);

/// The page; `nonce` lets its own script run. It holds no secret: its script finds the key where entry_page() has put it.
std::string dashboard_page(const std::string& nonce);

/// What the URL with the token leads to: it keeps the key for the page and goes on to that, so that the token leaves the address bar.
std::string entry_page(const std::string& nonce, const std::string& key);

}  // namespace bext::takeover
