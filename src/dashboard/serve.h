// Dashboard: a page on a loopback port that shows a server to its administrator, and lets a takeover be driven; docs/takeover-api.yaml
// describes its API. What it shows and does comes from whoever serves it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dashboard/page.h"

namespace bext::dashboard {

/// What the page shows, as JSON, which must be quick, and what it does.
struct Actions {
    Page page = Page::kTakeover;
    std::string command;  // that serves it: "bext nginx-takeover"
    std::function<std::string()> status;  // members of the status: "\"takeover\":{…}"; told twice a second
    std::map<std::string, std::function<std::string()>, std::less<>> shows;      // GET /api/NAME
    std::map<std::string, std::function<Result<>()>, std::less<>> changes;       // POST /api/NAME: one at a time, in a thread of its own
    std::map<std::string, std::function<Result<>(std::string_view body)>, std::less<>> decisions;  // POST /api/NAME: done at once
    std::function<void()> interrupt;  // asks the change that is under way to go back; may be unset
};

/// Serves on 127.0.0.1 until SIGINT, SIGTERM or SIGHUP; what is under way then goes back, or ends, first. `opened` gets the URL
/// with the token.
Result<> serve(int port, const Actions& actions, const std::function<void(const std::string& url)>& opened);

}  // namespace bext::dashboard
