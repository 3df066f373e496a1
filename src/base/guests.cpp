#include "base/guests.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace bext {

Guests::Id Guests::enter(std::string peer, std::function<void()> send_away) {
    if (guests_.size() >= most_) make_room();
    guests_.emplace(++last_, Guest{std::move(peer), std::move(send_away)});
    return last_;
}

void Guests::make_room() {
    std::map<std::string_view, std::size_t> by_peer;
    std::size_t most = 0;
    for (auto& [id, guest] : guests_) most = std::max(most, ++by_peer[guest.peer]);
    auto first = std::find_if(guests_.begin(), guests_.end(), [&](auto& one) { return by_peer[one.second.peer] == most; });
    auto send_away = std::move(first->second.send_away);
    guests_.erase(first);
    send_away();
}

}  // namespace bext
