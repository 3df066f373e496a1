#include "upstream/peers.h"

#include <algorithm>

#include "http/request.h"

namespace bext::upstream {

void Group::add(bool to_backup, std::unique_ptr<Peer> peer) {
    peer->effective_weight = peer->weight;
    auto& set = to_backup ? backup : main;
    if (!peer->down) ++set.tries;
    set.peers.push_back(std::move(peer));
}

void Group::finish() {
    if (!balancer) balancer = std::make_unique<RoundRobin>();
    main.single = main.peers.size() == 1 && backup.peers.empty();
    balancer->prepare(*this);
}

std::shared_ptr<Group> Group::of(const net::Address& address, std::string name) {
    auto group = std::make_shared<Group>();
    auto peer = std::make_unique<Peer>();
    peer->address = address;
    peer->name = address.text();
    peer->server = name;
    group->name = std::move(name);
    group->add(false, std::move(peer));
    group->finish();
    return group;
}

Peer* RoundRobin::pick(Selection& selection, std::int64_t now) {
    auto& peers = selection.set().peers;
    Peer* best = nullptr;
    std::size_t place = 0;
    int total = 0;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        auto& peer = *peers[i];
        if (selection.tried(i) || !peer.available(now)) continue;
        peer.current_weight += peer.effective_weight;
        total += peer.effective_weight;
        if (peer.effective_weight < peer.weight) ++peer.effective_weight;
        if (!best || peer.current_weight > best->current_weight) {
            best = &peer;
            place = i;
        }
    }
    if (!best) return nullptr;
    best->current_weight -= total;
    selection.mark_tried(place);
    if (now - best->checked > best->fail_timeout) best->checked = now;
    return best;
}

void Selection::begin(Group& group, http::Request& request) {
    group_ = &group;
    tries = group.tries();
    auto most = std::max(group.main.peers.size(), group.backup.peers.size());
    words_ = (most + 63) / 64;
    if (words_ > 1) many_ = static_cast<std::uint64_t*>(request.arena.allocate(words_ * 8, 8));
    use(group.main);
    group.balancer->begin(*this, request);
}

void Selection::use(PeerSet& set) {
    set_ = &set;
    std::fill_n(bits(), many_ ? words_ : 1, 0);
}

Peer* Selection::pick(std::int64_t now) {
    if (set_->single) {
        auto& only = *set_->peers[0];
        bool busy = only.max_conns && only.conns.load(std::memory_order_relaxed) >= only.max_conns;
        current_ = only.down || busy ? nullptr : &only;
    } else {
        std::lock_guard lock(group_->mutex);
        current_ = group_->balancer->pick(*this, now);
        if (!current_ && set_ == &group_->main && !group_->backup.peers.empty()) {
            use(group_->backup);
            current_ = group_->balancer->pick(*this, now);
        }
    }
    if (current_) current_->conns.fetch_add(1, std::memory_order_relaxed);
    return current_;
}

bool Selection::release(End how, std::int64_t now) {
    auto& peer = *std::exchange(current_, nullptr);
    peer.conns.fetch_sub(1, std::memory_order_relaxed);
    if (set_->single) {
        tries = 0;
        return false;
    }
    bool disabled = false;
    {
        std::lock_guard lock(group_->mutex);
        if (how == End::kFailed) {
            ++peer.fails;
            peer.accessed = peer.checked = now;
            if (peer.max_fails) {
                peer.effective_weight = std::max(0, peer.effective_weight - peer.weight / peer.max_fails);
                disabled = peer.fails >= peer.max_fails;
            }
        } else if (peer.accessed < peer.checked) {
            peer.fails = 0;  // a probe after the pause went well
        }
        group_->balancer->finished(peer, how == End::kFailed);
    }
    if (tries) --tries;
    return disabled;
}

}  // namespace bext::upstream
