// Rehearsal: the last requests of the access logs are made again, to the nginx that serves and to a bext beside it with the same
// configuration, and the answers are compared. docs/adr/0011-rehearsal.md
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "takeover/accepted.h"
#include "takeover/checks.h"
#include "takeover/probe.h"

namespace bext::takeover {

struct Rehearsal {
    enum class State { kDone, kFailed, kSkipped };
    struct Difference {
        std::string request, what;  // the first request with this difference
        bool framed = false;        // in nothing but how the end of the body is told
        std::size_t requests = 1;   // how many there are
        std::string accepted = {};  // the administrator's reason to take it
    };
    struct Place {
        std::string server, location;
        std::size_t requests = 0, matched = 0;
        std::vector<Difference> differences;  // of several requests once; the first ones; those that are only framed behind the others
    };

    State state = State::kSkipped;
    std::string reason;  // why it was not done, or not wholly
    std::size_t requests = 0, matched = 0;
    std::size_t logged = 0;  // of these from the logs; the others ask every name for "/"
    std::vector<Place> places;
    std::size_t framed = 0;  // of those that matched: told by a length here and by chunks there
    std::size_t accepted = 0;  // of those that did not: with a difference that the administrator takes

    std::size_t differ() const { return requests - matched; }
    bool blocks() const { return differ() > accepted; }
};

/// Told how many requests of how many are done.
using RehearsalProgress = std::function<void(std::size_t done, std::size_t all)>;

/// Makes the last `most` requests of the logs again; 0: none, it is skipped. `fit` says that the checks found nothing
/// that makes it pointless. Changes nothing, but nginx logs what it is asked.
Rehearsal rehearse(const Subject& subject, bool fit, int most, const RehearsalProgress& progress);

/// Marks the differences that are accepted.
void mark_accepted(Rehearsal& rehearsal, const std::vector<Acceptance>& accepted);

/// What it means for the takeover.
Check check_of(const Rehearsal& rehearsal);
std::string json_of(const Rehearsal& rehearsal);

/// The location of `server` that a target like "/x?y" belongs to, as the configuration names it ("/x/", "= /x", "~ \.php$"), or
/// "(no location)".
std::string location_of(const http::Server& server, std::string_view target);

}  // namespace bext::takeover
