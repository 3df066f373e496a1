#include "takeover/rehearsal.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/counted.h"
#include "base/text.h"
#include "takeover/places.h"
#include "takeover/rehearsal_client.h"
#include "takeover/rehearsal_plan.h"
#include "takeover/rehearsal_server.h"

namespace bext::takeover {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kWholeTime = std::chrono::seconds(5);
constexpr int kOneTime = 2000;  // ms
constexpr int kRepeats = 2;     // how often both are asked again before a difference is one
constexpr std::size_t kMostShown = 20;  // differences of one location

/// Asks both servers.
class Stage {
public:
    Stage(const Subject& subject, const RehearsalServer& bext) : bext_(bext), limits_(limit_statuses(subject.survey)) {}

    Reply ask_nginx(const Planned& planned, const Target& target) const {
        return replay(target, planned.request, Fd(::socket(target.address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)), kOneTime);
    }
    Reply ask_bext(const Planned& planned, const Target& target) const {
        return replay(target, planned.request, bext_.socket(target.address.family()), kOneTime);
    }

    /// Which of the servers that may have logged the request did: the first one with whose answer by nginx its status agrees, else the
    /// first of all. Its answer is in `reply`.
    const Target& choose(const Planned& planned, Reply& reply) const {
        reply = ask_nginx(planned, planned.targets.front());
        if (!planned.request.status) return planned.targets.front();
        for (std::size_t i = 0; i < planned.targets.size(); ++i) {
            auto other = i ? ask_nginx(planned, planned.targets[i]) : reply;
            if (other.status != planned.request.status) continue;
            reply = std::move(other);
            return planned.targets[i];
        }
        return planned.targets.front();
    }

    /// The differences, or nothing at all when the answers cannot be compared: nginx itself did not answer in time, or a
    /// limit (limit_req, limit_conn) refused one of the two. nginx is asked before and after bext, so that what changes from
    /// request to request, or from second to second, shows in its own answers.
    std::optional<std::vector<std::string>> compare(const Planned& planned, const Target& target, Reply first) const {
        std::vector<Reply> nginx{std::move(first)}, bext{ask_bext(planned, target)};
        auto found = differences(nginx, bext);
        for (int i = 0; i < kRepeats && !found.empty(); ++i) {
            nginx.push_back(ask_nginx(planned, target));
            found = differences(nginx, bext);
            if (found.empty()) break;
            bext.push_back(ask_bext(planned, target));
            found = differences(nginx, bext);
        }
        auto limited = [this](const Reply& reply) { return limits_.contains(reply.status); };
        auto silent = [](const Reply& reply) { return reply.status == 0; };
        if (std::any_of(nginx.begin(), nginx.end(), silent)) return std::nullopt;
        if (!found.empty() && (std::any_of(nginx.begin(), nginx.end(), limited) || std::any_of(bext.begin(), bext.end(), limited))) return std::nullopt;
        return found;
    }

private:
    const RehearsalServer& bext_;
    std::set<int> limits_;
};

Rehearsal::Place& place_of(Rehearsal& rehearsal, const Planned& planned, const Target& target) {
    auto location = target.server ? location_of(*target.server, planned.request.target) : std::string("(no location)");
    for (auto& place : rehearsal.places)
        if (place.server == target.name && place.location == location) return place;
    rehearsal.places.push_back({target.name, location, 0, 0, {}});
    return rehearsal.places.back();
}

void count(Rehearsal& rehearsal, const Planned& planned, const Target& target, const std::vector<std::string>& found) {
    auto& place = place_of(rehearsal, planned, target);
    ++rehearsal.requests, ++place.requests;
    rehearsal.logged += planned.logged;
    bool framed = only_framing(found);
    rehearsal.framed += framed;
    if (found.empty() || framed) ++rehearsal.matched, ++place.matched;
    if (found.empty()) return;
    std::string what;
    for (auto& one : found) what += (what.empty() ? "" : "; ") + one;
    auto& all = place.differences;
    for (auto& one : all)
        if (one.what == what) return static_cast<void>(++one.requests);
    if (all.size() >= kMostShown) return;
    auto at = framed ? all.end() : std::find_if(all.begin(), all.end(), [](auto& one) { return one.framed; });
    all.insert(at, {planned.request.text(), what, framed});
}

Rehearsal not_done(Rehearsal::State state, std::string reason) {
    Rehearsal rehearsal;
    rehearsal.state = state;
    rehearsal.reason = std::move(reason);
    return rehearsal;
}

std::string bext_server(const Subject& subject) {
    auto words = subject.manager->start_words(kBext);
    return words && !words->empty() ? words->front() : "/usr/sbin/bext-server";
}

Rehearsal play(const Subject& subject, const std::vector<Planned>& all, const RehearsalServer& server, const RehearsalProgress& progress) {
    Rehearsal rehearsal;
    rehearsal.state = Rehearsal::State::kDone;
    Stage stage(subject, server);
    auto end = Clock::now() + kWholeTime;
    std::size_t done = 0, left_out = 0;
    for (auto& planned : all) {
        if (Clock::now() >= end) break;
        Reply first;
        auto& target = stage.choose(planned, first);
        auto found = stage.compare(planned, target, std::move(first));
        if (found) count(rehearsal, planned, target, *found);
        else ++left_out;
        progress(++done, all.size());
    }
    if (done < all.size()) rehearsal.reason = "the time was over after " + std::to_string(done) + " of " + counted(all.size(), "request");
    if (left_out)
        rehearsal.reason += (rehearsal.reason.empty() ? "" : "; ") + counted(left_out, "request is", "requests are") + " left out, which nginx did not answer in time or a limit refused";
    return rehearsal;
}

}  // namespace

Rehearsal rehearse(const Subject& subject, bool fit, int most, const RehearsalProgress& progress) {
    using State = Rehearsal::State;
    if (most <= 0) return not_done(State::kSkipped, "--rehearsal 0");
    if (geteuid() != 0) return not_done(State::kSkipped, "it needs root");
    if (!fit || !subject.configuration || !subject.manager) return not_done(State::kSkipped, "another check failed");
    if (!subject.nginx.running()) return not_done(State::kSkipped, "nginx does not run");
    auto all = plan_of(subject, static_cast<std::size_t>(most));
    if (all.empty()) return not_done(State::kSkipped, "nothing listens on TCP");
    auto server = RehearsalServer::start(bext_server(subject), subject.nginx.source, subject.nginx.version);
    if (!server) return not_done(State::kFailed, server.error().text);
    auto rehearsal = play(subject, all, *server, progress);
    mark_accepted(rehearsal, read_accepted(kAccepted));
    return rehearsal;
}

void mark_accepted(Rehearsal& rehearsal, const std::vector<Acceptance>& accepted) {
    rehearsal.accepted = 0;
    for (auto& place : rehearsal.places)
        for (auto& difference : place.differences) {
            auto found = std::find_if(accepted.begin(), accepted.end(), [&](auto& one) {
                return one.server == place.server && one.location == place.location && one.what == difference.what;
            });
            difference.accepted = found == accepted.end() ? "" : found->reason;
            if (!difference.framed && !difference.accepted.empty()) rehearsal.accepted += difference.requests;
        }
}

}  // namespace bext::takeover
